INSERT INTO gatehouse.endpoint_delivery
  (tenant_id, endpoint_id, position, created_event_id, behind, fence, retrying_count,
   consecutive_failures, breaker_open, exhausted_count)
VALUES (
  $1, $2, coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1), 0), $3, false,
  0, 0, 0, false, 0)

-- For example, after without_delivery(): tenant(), endpoint_id(24), NULL
