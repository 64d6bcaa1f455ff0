-- $1 tenant, $2 first index, $3 end of the window (exclusive), $4 limit, $5 types, $6 prefixes of types, $7 bytes to return at
-- most, but for the last event.
-- The head comes with every row, and alone if nothing matches: one snapshot for both.
SELECT h.size, e.through::bigint, e.index, e.event_id, e.type, e.outcome, e.actor_type, e.actor_id, e.actor_label, e.targets,
       e.ip_address, e.user_agent, e.request_id, e.trace_id, e.session_id, e.details, e.occurred_time, e.recorded_time, e.leaf_hash,
       e.has_envelope
FROM (SELECT coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1), 0) AS size) h
LEFT JOIN (
  SELECT o.index, e.*, sum(coalesce(e.bytes, 0)) OVER (ORDER BY o.index ROWS UNBOUNDED PRECEDING) AS through
  FROM (
    SELECT o.index, o.event_id FROM gatehouse.event_order o
    WHERE o.tenant_id = $1 AND o.index >= $2 AND o.index < $3
      AND (cardinality($5::text[]) + cardinality($6::text[]) = 0 OR o.type = ANY ($5) OR o.type ^@ ANY ($6))
    ORDER BY o.index LIMIT $4
  ) o
  LEFT JOIN LATERAL (
    -- OFFSET 0 keeps the planner from joining by hashing whole partitions: a page is a few keyed look-ups. The size of a
    -- compressed value is not known without its text; the others need not even be fetched.
    SELECT e.*, octet_length(e.targets::text) + CASE WHEN pg_column_compression(e.details) IS NULL
      THEN pg_column_size(e.details) ELSE octet_length(e.details::text) END AS bytes
    FROM gatehouse.event e WHERE e.tenant_id = $1 AND e.event_id = o.event_id OFFSET 0
  ) e ON true
) e ON e.through - coalesce(e.bytes, 0) < $7
ORDER BY e.index

-- For example: tenant(), $row, $row + 100, 100, '{}', '{}', 3145728
-- For example: tenant(), $row, $row + 500, 100, '{type.1}', '{nothing.}', 3145728
