-- A login: the session of a user that may still log in with what was read
-- before the password was verified. $14 is the user's epoch as read then. With its
-- event: logins and refreshes are most of what changes, and a statement costs each
-- of them something.
-- $15: how many other sessions may stay live, of those with ids from $16 on; older ones have expired. $17: those that
-- end with this login, or null if there must be none too many. $18: why they end.
WITH noted AS (
  -- include event_log/insert.sql, whose $1 is $19
), login AS (
  UPDATE gatehouse.user_account
  SET last_login_time = $11
  WHERE tenant_id = $1 AND user_id = $3 AND state = 1 AND delete_time IS NULL AND epoch = $14
  RETURNING 1
), made AS (
  INSERT INTO gatehouse.session (
    tenant_id, session_id, user_id, generation, label, thread_id, context, ip_address, user_agent,
    amr, auth_time, rotate_time, create_time, update_time, last_used_time, idle_expire_time,
    expire_time, version, user_epoch)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11, $11, $11, $12, $13, 1, $14
  FROM login
  RETURNING 1
), crowding AS (
  SELECT FROM (
    -- Those that have ended and are not marked yet (mark_ended.sql) may be many.
    SELECT session_id, user_epoch, idle_expire_time, expire_time
    FROM gatehouse.session
    WHERE $17::uuid[] IS NULL AND tenant_id = $1 AND user_id = $3 AND session_id >= $16
      AND revoke_time IS NULL
    ORDER BY session_id DESC LIMIT $15 + 10000) AS newest
  WHERE coalesce(user_epoch, $14) = $14 AND idle_expire_time > $11 AND expire_time > $11
  OFFSET $15 LIMIT 1
), ended AS (
  UPDATE gatehouse.session
  SET revoke_time = $11, revoke_reason = $18, update_time = $11, version = version + 1
  WHERE tenant_id = $1 AND session_id = ANY ($17) AND user_id = $3 AND revoke_time IS NULL
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM made) = 1, 'LOGIN_FAILED'),
       gatehouse.require(NOT EXISTS (SELECT FROM crowding)
                         AND (SELECT count(*) FROM ended) = coalesce(cardinality($17), 0), 'CONFLICT');

-- For example: tenant(), new_id(), id($row), 1, '', 'thread-new', '{}', '', '', '{pwd}', present(), present(),
--   present(), 1, 99, id(0), NULL, 'too many', $event
