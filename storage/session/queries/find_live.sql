-- Whether the session of an access token is live, and what its user may do now:
-- a built-in role has no row. A session that began with another epoch than the user has now is over, marked or not.
-- Many at a time: uuid, uuid, timestamptz
SELECT u.user_id, u.username, u.role, u.epoch, least(s.idle_expire_time, s.expire_time), r.permissions
FROM gatehouse.session s
JOIN gatehouse.user_account u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id
LEFT JOIN gatehouse.role r ON r.tenant_id = u.tenant_id AND r.name = u.role
WHERE s.tenant_id = $1 AND s.session_id = $2
  AND s.revoke_time IS NULL AND s.idle_expire_time > $3 AND s.expire_time > $3
  AND u.state = 1 AND u.delete_time IS NULL
  AND coalesce(s.user_epoch = u.epoch, NOT u.unstamped_ended);

-- For example: tenant(), id($row), present()
