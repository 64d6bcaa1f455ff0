-- In steps of a limited size, as request/purge.sql.
DELETE FROM gatehouse.mail
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.mail
  WHERE tenant_id = $1 AND state > 2 AND end_time <= $2
  ORDER BY end_time
  LIMIT $3))

-- For example: tenant(), at($row) + interval '1 hour', 5
