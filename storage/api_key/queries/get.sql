SELECT api_key_id, display_name, key_prefix, permissions, create_time, expire_time, revoke_time,
       last_used_time
FROM gatehouse.api_key
WHERE tenant_id = $1 AND api_key_id = $2
