SELECT tenant_id FROM gatehouse.tenant WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- For example: tenant(), 100
