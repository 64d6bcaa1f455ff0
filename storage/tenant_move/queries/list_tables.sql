-- Every table that has rows of tenants, with its columns by commas, those that others refer to before those: what a new migration
-- adds is found by itself.
WITH RECURSIVE tables AS (
  SELECT c.oid, c.relname::text AS name,
         (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
  FROM pg_class c
  WHERE c.relnamespace = 'gatehouse'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
), depths AS (
  SELECT oid, 0 AS depth FROM tables
  UNION ALL
  SELECT k.conrelid, d.depth + 1
  FROM depths d
  JOIN pg_constraint k ON k.confrelid = d.oid AND k.contype = 'f' AND k.conrelid <> k.confrelid
  WHERE d.depth < 32
)
SELECT t.name, t.columns
FROM tables t JOIN depths d ON d.oid = t.oid
GROUP BY t.name, t.columns
ORDER BY max(d.depth), t.name

-- Not measured: reads the catalogue.
