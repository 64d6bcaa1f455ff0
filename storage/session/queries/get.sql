-- Many at a time: uuid, uuid
SELECT
  -- include columns.sql.part
FROM gatehouse.session
WHERE tenant_id = $1 AND session_id = $2;

-- For example: tenant(), id($row)
