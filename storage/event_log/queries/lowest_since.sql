-- $2: milliseconds since 1970. The lowest index among the first $3 events by the time in their ids: one that committed late
-- has a higher index than some that were made after it.
SELECT min(index)
FROM (
  SELECT index
  FROM gatehouse.event_order
  WHERE tenant_id = $1 AND event_id >= (lpad(to_hex($2::bigint), 12, '0') || '70008000000000000000')::uuid
  ORDER BY event_id
  LIMIT $3) AS first

-- For example: tenant(), (extract(epoch FROM at($row)) * 1000)::bigint, 100
