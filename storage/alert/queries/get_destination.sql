SELECT
  -- include destination_columns.sql.part
FROM gatehouse.alert_destination
WHERE tenant_id = $1 AND destination_id = $2

-- For example: tenant(), id(1)
