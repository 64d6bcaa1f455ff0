-- Those that are good at $3.
WITH RECURSIVE
-- include made.sql.part
SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id IN (SELECT api_key_id FROM made)
  AND revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $3)
ORDER BY api_key_id DESC
LIMIT $4

-- For example: tenant(), id($row), present(), 1001
