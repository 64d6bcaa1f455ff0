-- One that counts ($4) has to have counted on; one that does not says 0 for ever.
WITH used AS (
  UPDATE gatehouse.passkey
  SET sign_count = $4, backed_up = $5, last_used_time = $6
  WHERE tenant_id = $1 AND user_id = $2 AND passkey_id = $3
    AND (sign_count < $4 OR (sign_count = 0 AND $4 = 0))
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), id($row / 100 * 100 + 1), 7, true, present()
