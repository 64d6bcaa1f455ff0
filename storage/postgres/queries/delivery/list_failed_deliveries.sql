-- As list_deliveries.sql; $5: exceptions in this state.
SELECT k.event_index, coalesce(a.event_id, x.event_id), coalesce(a.event_type, x.event_type), x.state, x.due,
       a.attempt_id, a.start_time, a.latency_us, a.status_code, a.error_class, a.response_head
FROM gatehouse.endpoint e
LEFT JOIN LATERAL (
  SELECT t.event_index
  FROM gatehouse.webhook_exception t
  WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.state = $5::integer
    AND t.event_index < coalesce($3::bigint, 9223372036854775807)
  ORDER BY t.event_index DESC
  LIMIT $4
) k ON true
LEFT JOIN gatehouse.webhook_attempt a
  ON a.tenant_id = $1 AND a.endpoint_id = $2 AND a.event_index = k.event_index
LEFT JOIN gatehouse.webhook_exception x
  ON x.tenant_id = $1 AND x.endpoint_id = $2 AND x.event_index = k.event_index
WHERE e.tenant_id = $1 AND e.endpoint_id = $2
ORDER BY k.event_index DESC, a.attempt_id
