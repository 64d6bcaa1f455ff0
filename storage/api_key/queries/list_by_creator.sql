-- As list.sql, of those.
WITH RECURSIVE
-- include made.sql.part
SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id IN (SELECT api_key_id FROM made) AND api_key_id < $3
  AND ($4 OR (revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $5)))
ORDER BY api_key_id DESC
LIMIT $6

-- For example: tenant(), id($row), new_id(), false, present(), 1001
-- For example: tenant(), id($row), new_id(), true, present(), 100
