-- Many at a time: uuid, uuid
SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND user_id = $2

-- For example: tenant(), id($row)
