SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id = $2

-- For example: tenant(), id($row)
