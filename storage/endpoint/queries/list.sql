-- Newest first: version 7 ids sort by creation. $2: before this id.
SELECT e.endpoint_id, e.url, e.event_types, e.description, e.headers, e.secrets, e.timeout_ms, e.max_in_flight, e.state,
       e.disabled_reason, e.metadata, e.create_time, e.update_time, e.version, d.created_event_id,
       d.breaker_open, d.consecutive_failures, d.last_success_time, d.last_failure_time,
       CASE WHEN d.behind THEN d.position ELSE greatest(d.position, f.position) END, d.retrying_count
FROM gatehouse.endpoint e
JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
JOIN gatehouse.webhook_fanout f USING (tenant_id)
WHERE e.tenant_id = $1 AND e.endpoint_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY e.endpoint_id DESC
LIMIT $3
