-- What a user can prove besides a password.
SELECT u.passkey_second_factor,
       EXISTS (SELECT FROM gatehouse.totp_factor t
               WHERE t.tenant_id = $1 AND t.user_id = $2 AND t.confirm_time IS NOT NULL),
       EXISTS (SELECT FROM gatehouse.recovery_code c WHERE c.tenant_id = $1 AND c.user_id = $2),
       EXISTS (SELECT FROM gatehouse.passkey p WHERE p.tenant_id = $1 AND p.user_id = $2)
FROM gatehouse.user_account u
WHERE u.tenant_id = $1 AND u.user_id = $2

-- For example: tenant(), id($row / 100 * 100 + 1)
