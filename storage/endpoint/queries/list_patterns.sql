-- Newest first. $2: before this id.
SELECT endpoint_id, event_types, payload_filter
FROM gatehouse.endpoint
WHERE tenant_id = $1 AND endpoint_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY endpoint_id DESC
LIMIT $3

-- For example: tenant(), NULL, 250
-- For example: tenant(), endpoint_id(12), 250
