-- As bytes are compared, whatever the collation of the database. There are never many.
SELECT
  -- include columns.sql.part
FROM gatehouse.role
WHERE tenant_id = $1 AND name COLLATE "C" > $2
ORDER BY name COLLATE "C"
LIMIT $3

-- For example: tenant(), 'role-7', 50
