-- Days of which tenant $1 has events and a table of their own here, since 1970-01-01.
SELECT p.day - date '1970-01-01'
FROM gatehouse.partition_days('event') p
WHERE EXISTS (
  SELECT FROM gatehouse.event e
  WHERE e.tenant_id = $1::uuid AND e.event_id >= gatehouse.first_id_of(p.day) AND e.event_id < gatehouse.first_id_of(p.day + 1))
ORDER BY p.day

-- Not measured: looks into every day that is kept, once, when a tenant moves.
