-- $4: that the user has no second factor, and gets recovery codes with this one.
WITH asked AS (
  UPDATE gatehouse.user_account u
  SET passkey_second_factor = true, second_factor_time = coalesce(second_factor_time, $3), update_time = $3,
      version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND NOT passkey_second_factor
    AND (second_factor_time IS NULL) = $4
    AND EXISTS (SELECT FROM gatehouse.passkey p WHERE p.tenant_id = $1 AND p.user_id = $2)
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'SECOND_FACTOR_STATE')
FROM asked

-- For example: tenant(), id($row / 200 * 200 + 1), present(), false
