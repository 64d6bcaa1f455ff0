-- Those that are active: of others nothing changes.
SELECT tenant_id FROM gatehouse.tenant WHERE tenant_id > $1 AND state = 1 ORDER BY tenant_id LIMIT $2

-- For example: tenant(), 100
