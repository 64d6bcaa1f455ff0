-- A login: the session of a user that may still log in with what was read
-- before the password was verified. $14 is the user's epoch as read then. With its
-- event: logins and refreshes are most of what changes, and a statement costs each
-- of them something.
WITH noted AS (
  -- include event_log/insert.sql, whose $1 is $15
), login AS (
  UPDATE gatehouse.user_account
  SET last_login_time = $11
  WHERE tenant_id = $1 AND user_id = $3 AND state = 1 AND delete_time IS NULL AND epoch = $14
  RETURNING 1
), made AS (
  INSERT INTO gatehouse.session (
    tenant_id, session_id, user_id, generation, label, thread_id, context, ip_address, user_agent,
    amr, auth_time, rotate_time, create_time, update_time, last_used_time, idle_expire_time,
    expire_time, version)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11, $11, $11, $12, $13, 1
  FROM login
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM made) = 1, 'LOGIN_FAILED');
