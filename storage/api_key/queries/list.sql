-- Newest first: ids begin with the time.
SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id < $2
  AND ($3 OR (revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $4)))
ORDER BY api_key_id DESC
LIMIT $5

-- For example: tenant(), id($row), false, present(), 51
-- For example: tenant(), id($row), true, present(), 51
