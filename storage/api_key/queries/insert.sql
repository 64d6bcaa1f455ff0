INSERT INTO gatehouse.api_key
  (tenant_id, api_key_id, display_name, key_prefix, key_hash, permissions, create_time, expire_time,
   creator_id, ends_with_creator)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- For example: tenant(), new_id(), '', '', hash(0), '{}', present(), NULL, NULL, false
