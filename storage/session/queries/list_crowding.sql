-- The live sessions of a user, whose epoch is $7, beyond the newest $5, of those with ids from $3 on; $4: now. At most
-- $6. What is looked at is bounded as in insert.sql.
SELECT session_id
FROM (
  SELECT session_id, user_epoch, idle_expire_time, expire_time
  FROM gatehouse.session
  WHERE tenant_id = $1 AND user_id = $2 AND session_id >= $3 AND revoke_time IS NULL
  ORDER BY session_id DESC LIMIT $5 + 10000) AS newest
WHERE coalesce(user_epoch, $7) = $7 AND idle_expire_time > $4 AND expire_time > $4
ORDER BY session_id DESC OFFSET $5 LIMIT $6;

-- For example: tenant(), user_of_session($row), id(0), present(), 99, 100, 1
