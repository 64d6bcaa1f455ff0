-- In steps of a limited size, as request/purge.sql.
DELETE FROM gatehouse.one_time_token
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.one_time_token
  WHERE tenant_id = $1 AND expire_time <= $2
  ORDER BY expire_time
  LIMIT $3))

-- For example: tenant(), at($row) + interval '1 hour', 5
