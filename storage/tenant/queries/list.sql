-- By name, from behind $1 on. Of the last parameter, here $3, bytes of labels and host names are returned at most, but for the last
-- row; `found` tells how many rows there were without that (session/queries/list.sql).
SELECT
  -- include columns.sql.part
  , t.found
FROM (
  SELECT page.*, sum(bytes) OVER (ORDER BY name ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT o.*,
      CASE WHEN pg_column_compression(labels) IS NULL
      THEN pg_column_size(labels) ELSE octet_length(labels::text) END
      + coalesce((SELECT sum(octet_length(h.host_name)) FROM gatehouse.tenant_host h WHERE h.tenant_id = o.tenant_id), 0)::integer
      AS bytes
    FROM gatehouse.tenant o
    WHERE name > $1
    ORDER BY name
    LIMIT $2) AS page) AS t
WHERE t.before < $3
ORDER BY t.name

-- For example: 'd', 50, 3145728
