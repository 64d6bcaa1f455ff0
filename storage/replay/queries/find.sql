-- Of ($3 .. $4) of the log what the endpoint wants, by its patterns $5, and the replay too, by its $6, of which none means all:
-- the first $8 of those with one of the outcomes $7 whose payload is kept; how far that is, and how many of all outcomes lie
-- before. gatehouse.v1.DeliveryOutcome has for what was never sent a 5. $9: only those of these indexes, or null.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), kept AS MATERIALIZED (
  -- include kept.sql.part
), entries AS MATERIALIZED (
  SELECT o.index, o.event_id, o.type
  FROM gatehouse.event_order o
  WHERE o.tenant_id = $1 AND o.index >= $3 AND o.index <= $4
    AND ($9::bigint[] IS NULL OR o.index = ANY ($9))
), types AS MATERIALIZED (
  SELECT t.type
  FROM (SELECT DISTINCT type FROM entries) t
  WHERE EXISTS (
    SELECT FROM unnest($5::text[]) AS p (pattern)
    WHERE t.type = p.pattern OR right(p.pattern, 1) = '*' AND t.type ^@ left(p.pattern, -1))
  AND (cardinality($6::text[]) = 0 OR EXISTS (
    SELECT FROM unnest($6::text[]) AS p (pattern)
    WHERE t.type = p.pattern OR right(p.pattern, 1) = '*' AND t.type ^@ left(p.pattern, -1)))
),
-- include judged.sql.part
, chosen AS MATERIALIZED (
  SELECT c.index
  FROM (
    -- OFFSET 0 here and below: one payload after the other is looked for, until there are enough.
    SELECT j.index, j.event_id FROM judged j WHERE coalesce(j.state, 5) = ANY ($7::integer[]) ORDER BY j.index OFFSET 0
  ) c
  WHERE EXISTS (SELECT FROM gatehouse.event e WHERE e.tenant_id = $1 AND e.event_id = c.event_id OFFSET 0)
  LIMIT $8
), cut AS (
  SELECT CASE WHEN count(*) = $8 THEN max(index) ELSE $4::bigint END AS through FROM chosen
)
SELECT cut.through, (SELECT count(*) FROM judged j WHERE j.index <= cut.through), ARRAY(SELECT index FROM chosen ORDER BY index)
FROM cut

-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{type.1,other.*}', '{type.*}', '{3,4,5}', 10, NULL
-- For example: tenant(), endpoint_id(1), $row, $row + 100, '{*}', '{}', '{1}', 10, ARRAY[$row, $row + 10]
