WITH used AS (
  DELETE FROM gatehouse.recovery_code
  WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), hash($row / 100 * 100 + 1)
