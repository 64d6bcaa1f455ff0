-- One refresh, with its event: compare-and-swap of the generation. Nothing found
-- means the token is not the current one or its session or user has ended; the
-- caller reads the session to tell which. As does one that began with another epoch than the user has now.
WITH noted AS (
  -- include event_log/insert.sql, whose $1 is $6
), rotated AS (
  UPDATE gatehouse.session s
  SET generation = s.generation + 1, rotate_time = $4, last_used_time = $4,
      idle_expire_time = least($5, s.expire_time)
  FROM gatehouse.user_account u
  WHERE s.tenant_id = $1 AND s.session_id = $2 AND s.generation = $3
    AND s.revoke_time IS NULL AND s.idle_expire_time > $4 AND s.expire_time > $4
    AND u.tenant_id = s.tenant_id AND u.user_id = s.user_id
    AND u.state = 1 AND u.delete_time IS NULL
    AND coalesce(s.user_epoch = u.epoch, NOT u.unstamped_ended)
  RETURNING u.role, u.epoch, s.generation, s.amr, s.auth_time, s.idle_expire_time, s.expire_time
)
SELECT gatehouse.require(r.generation IS NOT NULL, 'CONFLICT'),
       r.role, r.epoch, r.generation, r.amr, r.auth_time, r.idle_expire_time, r.expire_time
FROM (VALUES (1)) AS one
LEFT JOIN rotated r ON true;

-- For example: tenant(), id($row), 1, present(), present(), $event
