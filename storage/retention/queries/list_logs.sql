-- Tenants with a log.
SELECT tenant_id FROM gatehouse.event_log_head WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- For example: tenant(), 100
