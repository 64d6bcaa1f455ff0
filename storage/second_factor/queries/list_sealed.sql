SELECT tenant_id, user_id, secret
FROM gatehouse.totp_factor
WHERE (tenant_id, user_id) > ($1, $2)
ORDER BY tenant_id, user_id
LIMIT $3

-- For example: tenant(), id($row), 100
