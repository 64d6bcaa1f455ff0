-- $3 before this index, $4 limit, $5 only delivered ones. $6 bytes of answers of one delivery at most: older attempts
-- come without theirs. $7 bytes after which no further delivery begins. A row without an index says that the endpoint
-- is known and there is nothing to list.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), page AS MATERIALIZED (
  SELECT DISTINCT t.event_index
  FROM gatehouse.webhook_attempt t
  WHERE t.tenant_id = $1 AND t.endpoint_id = $2
    AND t.event_index < coalesce($3::bigint, 9223372036854775807)
    -- One that was delivered may be on its way again.
    AND (NOT $5::boolean OR t.error_class = '' AND NOT EXISTS (
      SELECT FROM gatehouse.webhook_exception x
      WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.event_index = t.event_index OFFSET 0))
  ORDER BY t.event_index DESC
  LIMIT $4
), listed AS (
  SELECT k.event_index, coalesce(a.event_id, x.event_id) AS event_id, coalesce(a.event_type, x.event_type) AS event_type,
         x.state, x.due, k.event_index <= e.position AS settled, a.attempt_id, a.start_time, a.latency_us, a.status_code,
         a.error_class, a.response_head,
         -- Known without fetching or unpacking the text.
         octet_length(a.response_head) AS bytes,
         sum(octet_length(a.response_head)) OVER (PARTITION BY k.event_index ORDER BY a.attempt_id DESC) <= $6::bigint AS shown
  FROM known e
  LEFT JOIN page k ON true
  LEFT JOIN (
    -- The page is a stretch of the log, whose attempts are read in one go. OFFSET 0 keeps the planner from looking for
    -- those of each event by itself, in the partition of every day.
    SELECT t.*
    FROM gatehouse.webhook_attempt t
    WHERE t.tenant_id = $1 AND t.endpoint_id = $2
      AND t.event_index >= (SELECT min(event_index) FROM page) AND t.event_index <= (SELECT max(event_index) FROM page)
    OFFSET 0
  ) a ON a.event_index = k.event_index
  LEFT JOIN LATERAL (
    -- OFFSET 0 here: from reading every exception of the endpoint.
    SELECT t.*
    FROM gatehouse.webhook_exception t
    WHERE t.tenant_id = $1 AND t.endpoint_id = $2 AND t.event_index = k.event_index
    OFFSET 0
  ) x ON true
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

-- For example: tenant(), endpoint_id(1), NULL, 51, false, 1048576, 3145728
-- For example: tenant(), endpoint_id(1), $row, 51, false, 1048576, 3145728
-- For example: tenant(), endpoint_id(1), $row, 51, true, 1048576, 3145728
