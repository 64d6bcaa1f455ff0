-- Newest first: version 7 ids sort by creation. $2: before this id.
SELECT
  -- include columns.sql.part
FROM gatehouse.endpoint e
JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
JOIN gatehouse.webhook_fanout f USING (tenant_id)
WHERE e.tenant_id = $1 AND e.endpoint_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY e.endpoint_id DESC
LIMIT $3

-- For example: tenant(), NULL, 51
-- For example: tenant(), endpoint_id(12), 51
