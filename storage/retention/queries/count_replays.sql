SELECT count(*) FROM (SELECT FROM gatehouse.webhook_replay WHERE tenant_id = $1 AND end_time < $2 LIMIT $3) s

-- For example: tenant(), present(), 100
