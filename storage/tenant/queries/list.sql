-- By name, from behind $1 on.
SELECT
  -- include columns.sql.part
FROM gatehouse.tenant t
WHERE t.name > $1
ORDER BY t.name
LIMIT $2

-- For example: 'd', 50
