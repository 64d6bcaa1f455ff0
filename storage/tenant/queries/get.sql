SELECT
  -- include columns.sql.part
FROM gatehouse.tenant t
WHERE t.tenant_id = $1

-- For example: tenant()
