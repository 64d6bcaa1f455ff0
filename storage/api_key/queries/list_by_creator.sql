-- The keys that are good at $3 of those that $2 made, or that a key made which it made, and so on.
WITH RECURSIVE made AS (
  SELECT api_key_id FROM gatehouse.api_key WHERE tenant_id = $1 AND creator_id = $2
  UNION
  SELECT k.api_key_id
  FROM made m
  JOIN gatehouse.api_key k ON k.tenant_id = $1 AND k.creator_id = m.api_key_id
)
SELECT
  -- include columns.sql.part
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id IN (SELECT api_key_id FROM made)
  AND revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $3)
ORDER BY api_key_id DESC
LIMIT $4

-- For example: tenant(), id($row), present(), 1001
