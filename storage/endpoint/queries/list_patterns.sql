-- Newest first, as list.sql.
SELECT endpoint_id, event_types, payload_filter
FROM gatehouse.endpoint
WHERE tenant_id = $1
ORDER BY endpoint_id DESC

-- Not measured: reads every endpoint of the tenant, which has so many at most.
