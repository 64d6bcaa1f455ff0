SELECT name, permissions, create_time, update_time, version
FROM gatehouse.role
WHERE tenant_id = $1 AND name = $2

-- For example: tenant(), 'role-7'
