SELECT count(*) FROM (SELECT FROM gatehouse.request WHERE tenant_id = $1 AND create_time < $2 LIMIT $3) s

-- For example: tenant(), at($row), 100
