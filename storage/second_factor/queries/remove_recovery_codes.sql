DELETE FROM gatehouse.recovery_code
WHERE tenant_id = $1 AND user_id = $2

-- For example: tenant(), id($row / 100 * 100 + 1)
