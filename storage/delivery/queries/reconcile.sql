-- What became of the events of ($3 .. $4) of the log that one of the patterns $5 matches; $6 of those of which nothing
-- is known are named. $7: only those of these indexes, or null.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), entries AS MATERIALIZED (
  SELECT o.index, o.event_id, o.type
  FROM gatehouse.event_order o
  WHERE o.tenant_id = $1 AND o.index >= $3 AND o.index <= $4
    AND ($7::bigint[] IS NULL OR o.index = ANY ($7))
), types AS MATERIALIZED (
  SELECT t.type
  FROM (SELECT DISTINCT type FROM entries) t
  WHERE EXISTS (
    SELECT FROM unnest($5::text[]) AS p (pattern)
    WHERE t.type = p.pattern OR right(p.pattern, 1) = '*' AND t.type ^@ left(p.pattern, -1))
), tried AS MATERIALIZED (
  SELECT a.event_index, bool_or(a.error_class = '') AS ok
  FROM gatehouse.webhook_attempt a
  WHERE a.tenant_id = $1 AND a.endpoint_id = $2 AND a.event_index >= $3 AND a.event_index <= $4
  GROUP BY a.event_index
), failed AS MATERIALIZED (
  SELECT x.event_index, x.state
  FROM gatehouse.webhook_exception x
  WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.event_index >= $3 AND x.event_index <= $4
), judged AS MATERIALIZED (
  -- In the order in which list_deliveries.sql judges.
  SELECT o.index, o.event_id,
         CASE WHEN x.state IS NOT NULL THEN x.state WHEN a.ok THEN 1 WHEN o.index > k.position THEN 0
              WHEN a.event_index IS NOT NULL THEN 4 END AS state
  FROM entries o
  JOIN types USING (type)
  CROSS JOIN known k
  LEFT JOIN tried a ON a.event_index = o.index
  LEFT JOIN failed x ON x.event_index = o.index
)
SELECT count(*)::integer, count(*) FILTER (WHERE state = 1)::integer, count(*) FILTER (WHERE state = 2)::integer,
       count(*) FILTER (WHERE state = 3)::integer, count(*) FILTER (WHERE state = 4)::integer,
       count(*) FILTER (WHERE state = 0)::integer,
       ARRAY(SELECT event_id FROM judged WHERE state IS NULL ORDER BY index LIMIT $6)
FROM judged

-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{type.1,other.*}', 100, NULL
-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{type.1,other.*}', 100, ARRAY[$row, $row + 10]
