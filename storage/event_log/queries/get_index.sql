SELECT index FROM gatehouse.event_order WHERE tenant_id = $1 AND event_id = $2

-- For example: tenant(), id($row)
