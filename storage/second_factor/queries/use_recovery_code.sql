-- $3: all that the code may be kept as; it is kept as one of them.
WITH used AS (
  DELETE FROM gatehouse.recovery_code
  WHERE tenant_id = $1 AND user_id = $2 AND code_hash = ANY ($3)
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), ARRAY[hash($row / 100 * 100 + 1), hash(-1)]
