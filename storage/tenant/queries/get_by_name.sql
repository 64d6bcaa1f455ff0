SELECT
  -- include columns.sql.part
FROM gatehouse.tenant t
WHERE t.name = $1

-- For example: 'default'
