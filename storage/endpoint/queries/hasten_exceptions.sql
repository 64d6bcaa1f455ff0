UPDATE gatehouse.webhook_exception
SET due = $3
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 2 AND due > $3

-- For example: tenant(), endpoint_id(1), present() - interval '1 day'
