-- Who has an app as well keeps that.
WITH stopped AS (
  UPDATE gatehouse.user_account u
  SET passkey_second_factor = false,
      second_factor_time = CASE WHEN EXISTS (
        SELECT FROM gatehouse.totp_factor t
        WHERE t.tenant_id = $1 AND t.user_id = $2 AND t.confirm_time IS NOT NULL) THEN second_factor_time END,
      update_time = $3, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND passkey_second_factor
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'SECOND_FACTOR_STATE')
FROM stopped

-- For example: tenant(), id($row / 200 * 200 + 101), present()
