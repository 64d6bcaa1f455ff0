-- One for each alert at most.
DELETE FROM gatehouse.alert_notice
WHERE tenant_id = $1 AND destination_id = $2

-- For example: tenant(), id(1)
