-- As list_deliveries.sql, of the event $3 alone; $4 bytes of answers at most.
WITH known AS MATERIALIZED (
  -- include known.sql.part
)
SELECT o.index, $3::uuid, coalesce(a.event_type, x.event_type), x.state, x.due, o.index <= e.position, a.attempt_id,
       a.start_time, a.latency_us, a.status_code, a.error_class,
       CASE WHEN sum(octet_length(a.response_head)) OVER (ORDER BY a.attempt_id DESC) <= $4::bigint
         THEN a.response_head ELSE '' END
FROM known e
JOIN gatehouse.event_order o ON o.tenant_id = $1 AND o.event_id = $3
LEFT JOIN LATERAL (
  SELECT t.*
  FROM gatehouse.webhook_attempt t
  WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.event_index = o.index
  OFFSET 0
) a ON true
LEFT JOIN LATERAL (
  SELECT t.*
  FROM gatehouse.webhook_exception t
  WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.event_index = o.index
  OFFSET 0
) x ON true
WHERE a.attempt_id IS NOT NULL OR x.event_index IS NOT NULL
ORDER BY a.attempt_id

-- For example: tenant(), endpoint_id(1), id($row), 1048576
