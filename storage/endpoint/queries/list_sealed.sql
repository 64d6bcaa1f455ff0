SELECT tenant_id, endpoint_id, headers, secrets, key_pairs, client_key
FROM gatehouse.endpoint
WHERE (tenant_id, endpoint_id) > ($1, $2)
ORDER BY tenant_id, endpoint_id
LIMIT $3

-- For example: tenant(), endpoint_id(1), 50
