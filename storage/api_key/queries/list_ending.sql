-- Those good at $3 that end with the user $2, in any order.
SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND creator_id = $2 AND ends_with_creator
  AND revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $3)
LIMIT $4

-- For example: tenant(), id($row), present(), 1001
