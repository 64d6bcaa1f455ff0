-- In steps of a limited size, as request/purge.sql: imports whose last batch came before $2.
DELETE FROM gatehouse.user_import
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.user_import
  WHERE tenant_id = $1 AND update_time < $2
  ORDER BY update_time
  LIMIT $3))

-- For example: tenant(), present(), 5
