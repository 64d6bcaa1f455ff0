SELECT user_id, username, username_key, email, email_key, first_name, last_name, bio, avatar_url, timezone,
       locale, metadata, role, state, email_verified_time, last_login_time, create_time, update_time,
       delete_time, purge_time, version, epoch
FROM gatehouse.user_account
WHERE tenant_id = $1 AND role = $6 AND (create_time, user_id) > ($2, $3)
  AND (delete_time IS NULL OR $4)
  AND ($7::integer IS NULL OR state = $7)
ORDER BY create_time ASC, user_id ASC
LIMIT $5
