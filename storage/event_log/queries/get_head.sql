SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1

-- For example: tenant()
