-- Who is asked for passkeys as well has a second factor still.
WITH removed AS (
  DELETE FROM gatehouse.totp_factor
  WHERE tenant_id = $1 AND user_id = $2
  RETURNING 1
), shown AS (
  UPDATE gatehouse.user_account
  SET second_factor_time = CASE WHEN passkey_second_factor THEN second_factor_time END, update_time = $3, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND second_factor_time IS NOT NULL AND EXISTS (SELECT FROM removed))
SELECT gatehouse.require(count(*) = 1, 'SECOND_FACTOR_STATE')
FROM removed

-- For example: tenant(), id($row / 100 * 100 + 1), present()
