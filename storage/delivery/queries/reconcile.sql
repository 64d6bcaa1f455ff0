-- What became of the events of ($3 .. $4) of the log that one of the patterns $5 matches; $6 of those of which nothing
-- is known are named. $7: only those of these indexes, or null.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), kept AS MATERIALIZED (
  -- include kept.sql.part
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
),
-- include judged.sql.part
SELECT count(*)::integer, count(*) FILTER (WHERE state = 1)::integer, count(*) FILTER (WHERE state = 2)::integer,
       count(*) FILTER (WHERE state = 3)::integer, count(*) FILTER (WHERE state = 4)::integer,
       count(*) FILTER (WHERE state = 0)::integer, count(*) FILTER (WHERE state = 6)::integer,
       ARRAY(SELECT event_id FROM judged WHERE state IS NULL ORDER BY index LIMIT $6)
FROM judged

-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{type.1,other.*}', 100, NULL
-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{type.1,other.*}', 100, ARRAY[$row, $row + 10]
