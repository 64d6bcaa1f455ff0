SELECT tenant_id, user_id, code_hash
FROM gatehouse.recovery_code
WHERE (tenant_id, user_id, code_hash) > ($1, $2, $3)
ORDER BY tenant_id, user_id, code_hash
LIMIT $4

-- For example: tenant(), id($row), hash($row), 100
