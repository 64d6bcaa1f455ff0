DELETE FROM gatehouse.signing_key WHERE tenant_id = $1 AND key_id = $2;

-- For example: tenant(), 'key-1'
