-- All of a tenant, which are few.
SELECT
  -- include destination_columns.sql.part
FROM gatehouse.alert_destination
WHERE tenant_id = $1
ORDER BY destination_id

-- For example: tenant()
