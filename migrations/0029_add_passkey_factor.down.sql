-- Who has passkeys as a second factor and no app logs in by password alone again, as before.
UPDATE gatehouse.user_account u
SET second_factor_time = NULL
WHERE passkey_second_factor
  AND NOT EXISTS (
    SELECT FROM gatehouse.totp_factor t
    WHERE t.tenant_id = u.tenant_id AND t.user_id = u.user_id AND t.confirm_time IS NOT NULL);
ALTER TABLE gatehouse.user_account DROP COLUMN passkey_second_factor;
