WITH used AS (
  UPDATE gatehouse.totp_factor
  SET last_step = $3
  WHERE tenant_id = $1 AND user_id = $2 AND confirm_time IS NOT NULL AND last_step < $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), 1
