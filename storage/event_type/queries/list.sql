-- By name. $2: after this one; $3: at most so many; $4: of schemas so many bytes at most, but for the last row.
SELECT type, description, schema, create_time, update_time, version
FROM (
  SELECT page.*, sum(bytes) OVER (ORDER BY type ROWS UNBOUNDED PRECEDING) - bytes AS before
  FROM (
    SELECT type, description, schema, create_time, update_time, version,
           coalesce(octet_length(schema::text), 0) AS bytes
    FROM gatehouse.event_type
    WHERE tenant_id = $1 AND type > $2
    ORDER BY type
    LIMIT $3) AS page) AS counted
WHERE before < $4
ORDER BY type

-- For example: tenant(), '', 51, 3145728
-- For example: tenant(), 'order.5', 51, 3145728
