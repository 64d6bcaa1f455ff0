SELECT type, description, schema, create_time, update_time, version
FROM gatehouse.event_type
WHERE tenant_id = $1 AND type = $2

-- For example: tenant(), 'order.7'
