-- $2: milliseconds since 1970. Goes by the time in the ids: an event that committed late has a higher index than those
-- around it.
SELECT index
FROM gatehouse.event_order
WHERE tenant_id = $1 AND event_id >= (lpad(to_hex($2::bigint), 12, '0') || '70008000000000000000')::uuid
ORDER BY event_id
LIMIT 1

-- For example: tenant(), (extract(epoch FROM at($row)) * 1000)::bigint
