-- Newest first: version 7 ids sort by creation. $2: before this id.
SELECT
  -- include columns.sql.part
FROM gatehouse.endpoint e
JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
JOIN gatehouse.webhook_fanout f USING (tenant_id)
LEFT JOIN gatehouse.event_log_head h USING (tenant_id)
-- The position is before the first event that has not been tried. OFFSET 0 keeps the planner from reading all of the order.
LEFT JOIN LATERAL (
  SELECT recorded_time FROM gatehouse.event_order o
  WHERE o.tenant_id = $1 AND o.index = d.position + 1 AND d.behind OFFSET 0
) o ON true
WHERE e.tenant_id = $1 AND e.endpoint_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY e.endpoint_id DESC
LIMIT $3

-- For example: tenant(), NULL, 51
-- For example: tenant(), endpoint_id(12), 51
