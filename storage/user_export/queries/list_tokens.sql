SELECT purpose, email, create_time, expire_time
FROM gatehouse.one_time_token
WHERE tenant_id = $1 AND user_id = $2
ORDER BY purpose

-- For example: tenant(), id($row)
