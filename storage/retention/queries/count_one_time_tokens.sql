SELECT count(*)
FROM (SELECT FROM gatehouse.one_time_token WHERE tenant_id = $1 AND expire_time <= $2 ORDER BY expire_time LIMIT $3) s

-- For example: tenant(), at($row) + interval '1 hour', 5
