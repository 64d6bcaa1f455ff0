UPDATE gatehouse.signing_key SET private_key = $4 WHERE tenant_id = $1 AND key_id = $2 AND private_key = $3;

-- For example: tenant(), 'key-1', hash(1), hash(2)
