SELECT create_time
FROM gatehouse.one_time_token
WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3::integer

-- For example: tenant(), id($row / 100 * 100 + 1), 1
