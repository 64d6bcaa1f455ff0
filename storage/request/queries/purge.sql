-- In steps of a limited size: a day's worth in one transaction would hold back
-- vacuum and flood replicas.
DELETE FROM gatehouse.request
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.request
  WHERE tenant_id = $1 AND create_time < $2
  ORDER BY create_time
  LIMIT $3))

-- For example: tenant(), at($row), 500
