-- $1 tenant, $2 lowest and $3 highest index, $4 how many entries to look at, $5 how many to return, then the terms that no
-- index serves: $6 outcome or 0, $7 and $8 range of the occurred time, $9 type or '', which is a prefix if $10, $11 actor or '';
-- $12 bytes to return at most, but for the last event; $13 the target searched for.
-- What was looked at comes with every row, and alone if nothing passes: the caller goes on from there.
WITH scanned AS MATERIALIZED (
  SELECT o.index, o.event_id, o.type, o.actor_id, o.outcome, o.occurred_time
  FROM (
    SELECT t.index FROM gatehouse.event_target t
    WHERE t.tenant_id = $1 AND t.target_id = $13 AND t.index >= $2 AND t.index <= $3
    ORDER BY t.index DESC LIMIT $4
  ) t, LATERAL (
    SELECT o.* FROM gatehouse.event_order o WHERE o.tenant_id = $1 AND o.index = t.index OFFSET 0
  ) o
), page AS (
  SELECT o.index, o.event_id FROM scanned o
  WHERE ($6::integer = 0 OR o.outcome = $6) AND o.occurred_time >= $7 AND o.occurred_time <= $8
    AND CASE WHEN $10::boolean THEN o.type ^@ $9::text ELSE $9 IN ('', o.type) END AND ($11::text = '' OR o.actor_id = $11)
  ORDER BY o.index DESC LIMIT $5
)
SELECT s.count, s.last, e.through::bigint, e.index, e.event_id, e.type, e.outcome, e.actor_type, e.actor_id, e.actor_label, e.targets,
       e.ip_address, e.user_agent, e.request_id, e.trace_id, e.session_id, e.details, e.occurred_time, e.recorded_time, e.leaf_hash
FROM (SELECT count(*) AS count, coalesce(min(index), 0) AS last FROM scanned) s
LEFT JOIN (
  SELECT o.index, e.*, sum(coalesce(e.bytes, 0)) OVER (ORDER BY o.index DESC ROWS UNBOUNDED PRECEDING) AS through
  FROM page o
  LEFT JOIN LATERAL (
    -- OFFSET 0 keeps the planner from joining by hashing whole partitions: a page is a few keyed look-ups. The size of a
    -- compressed value is not known without its text; the others need not even be fetched.
    SELECT e.*, octet_length(e.targets::text) + CASE WHEN pg_column_compression(e.details) IS NULL
      THEN pg_column_size(e.details) ELSE octet_length(e.details::text) END AS bytes
    FROM gatehouse.event e WHERE e.tenant_id = $1 AND e.event_id = o.event_id OFFSET 0
  ) e ON true
) e ON e.through - coalesce(e.bytes, 0) < $12
ORDER BY e.index DESC
