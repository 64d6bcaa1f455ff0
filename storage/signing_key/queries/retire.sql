UPDATE gatehouse.signing_key SET retired_at = $3 WHERE tenant_id = $1 AND key_id = $2;

-- For example: tenant(), 'key-1', present()
