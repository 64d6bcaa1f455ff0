-- Newest first: ids begin with the time.
SELECT api_key_id, display_name, key_prefix, permissions, create_time, expire_time, revoke_time,
       last_used_time
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id < $2
  AND ($3 OR (revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $4)))
ORDER BY api_key_id DESC
LIMIT $5
