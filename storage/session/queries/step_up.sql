-- What the user of a session has proven anew, at $5. Guarded by the version that was read: $4 is made of what was proven before.
WITH live AS (
  SELECT u.role, u.epoch
  FROM gatehouse.session s
  JOIN gatehouse.user_account u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id
  WHERE s.tenant_id = $1 AND s.session_id = $2
    AND s.revoke_time IS NULL AND s.idle_expire_time > $5 AND s.expire_time > $5
    AND u.state = 1 AND u.delete_time IS NULL
    AND coalesce(s.user_epoch = u.epoch, NOT u.unstamped_ended)
), changed AS (
  UPDATE gatehouse.session
  SET amr = $4, auth_time = $5, update_time = $5, version = version + 1
  WHERE tenant_id = $1 AND session_id = $2 AND version = $3 AND revoke_time IS NULL AND EXISTS (SELECT FROM live)
  RETURNING generation, amr, auth_time, idle_expire_time, expire_time
)
SELECT gatehouse.require(EXISTS (SELECT FROM live), 'UNAUTHENTICATED'),
       l.role, l.epoch, c.generation, c.amr, c.auth_time, c.idle_expire_time, c.expire_time,
       gatehouse.require(c.generation IS NOT NULL, 'ETAG_MISMATCH')
FROM (VALUES (1)) AS one
LEFT JOIN live l ON true
LEFT JOIN changed c ON true

-- For example: tenant(), id($row), 1, '{pwd,otp,mfa}', present()
