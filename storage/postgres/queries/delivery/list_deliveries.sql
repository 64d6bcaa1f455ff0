-- $3 before this index, $4 limit, $5 only delivered ones. A row without an index
-- says that the endpoint exists and there is nothing to list.
SELECT k.event_index, coalesce(a.event_id, x.event_id), coalesce(a.event_type, x.event_type), x.state, x.due,
       a.attempt_id, a.start_time, a.latency_us, a.status_code, a.error_class, a.response_head
FROM gatehouse.endpoint e
LEFT JOIN LATERAL (
  SELECT DISTINCT t.event_index
  FROM gatehouse.webhook_attempt t
  WHERE t.tenant_id = $1 AND t.endpoint_id = $2
    AND t.event_index < coalesce($3::bigint, 9223372036854775807)
    AND (NOT $5::boolean OR t.error_class = '')
  ORDER BY t.event_index DESC
  LIMIT $4
) k ON true
LEFT JOIN gatehouse.webhook_attempt a
  ON a.tenant_id = $1 AND a.endpoint_id = $2 AND a.event_index = k.event_index
LEFT JOIN gatehouse.webhook_exception x
  ON x.tenant_id = $1 AND x.endpoint_id = $2 AND x.event_index = k.event_index
WHERE e.tenant_id = $1 AND e.endpoint_id = $2
ORDER BY k.event_index DESC, a.attempt_id
