SELECT
  -- include columns.sql.part
FROM gatehouse.role
WHERE tenant_id = $1 AND name = $2

-- For example: tenant(), 'role-7'
