SELECT event_index, event_id, event_type, attempts, due
FROM gatehouse.webhook_exception
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 2 AND event_index <> ALL ($3::bigint[])
ORDER BY due
LIMIT $4

-- For example: tenant(), endpoint_id(1), ARRAY[$row], 100
-- For example: tenant(), endpoint_id(19), ARRAY[$row], 100
