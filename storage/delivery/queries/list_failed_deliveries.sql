-- As list_deliveries.sql; $5: exceptions in this state. They may lie far apart in the log, so that the attempts of each are looked up
-- by themselves.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), listed AS (
  SELECT x.event_index, coalesce(a.event_id, x.event_id) AS event_id, coalesce(a.event_type, x.event_type) AS event_type,
         x.state, x.due, x.event_index <= e.position AS settled, a.attempt_id, a.start_time, a.latency_us, a.status_code,
         a.error_class, a.response_head,
         octet_length(a.response_head) AS bytes,
         sum(octet_length(a.response_head)) OVER (PARTITION BY x.event_index ORDER BY a.attempt_id DESC) <= $6::bigint AS shown
  FROM known e
  LEFT JOIN LATERAL (
    SELECT t.*
    FROM gatehouse.webhook_exception t
    WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.state = $5::integer
      AND t.event_index < coalesce($3::bigint, 9223372036854775807)
    ORDER BY t.event_index DESC
    LIMIT $4
  ) x ON true
  LEFT JOIN LATERAL (
    SELECT t.*
    FROM gatehouse.webhook_attempt t
    WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.event_index = x.event_index
    OFFSET 0
  ) a ON true
), sized AS (
  SELECT l.*, sum(l.bytes) FILTER (WHERE l.shown) OVER (ORDER BY l.event_index DESC
                                                        GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
  FROM listed l
)
SELECT s.event_index, s.event_id, s.event_type, s.state, s.due, s.settled, s.attempt_id, s.start_time, s.latency_us,
       s.status_code, s.error_class, CASE WHEN s.shown THEN s.response_head ELSE '' END
FROM sized s
WHERE coalesce(s.bytes_before, 0) < $7::bigint
ORDER BY s.event_index DESC, s.attempt_id

-- For example: tenant(), endpoint_id(1), NULL, 51, 2, 1048576, 3145728
-- For example: tenant(), endpoint_id(1), $row, 51, 2, 1048576, 3145728
-- For example: tenant(), endpoint_id(1), $row, 51, 3, 1048576, 3145728
