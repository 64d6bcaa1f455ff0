SELECT secret, create_time, confirm_time, last_step
FROM gatehouse.totp_factor
WHERE tenant_id = $1 AND user_id = $2

-- For example: tenant(), id($row / 100 * 100 + 1)
