SELECT
  -- include columns.sql.part
FROM gatehouse.alert
WHERE tenant_id = $1 AND alert_id = $2

-- For example: tenant(), id($row)
