SELECT method, request_hash, response
FROM gatehouse.request
WHERE tenant_id = $1 AND principal_id = $2 AND request_id = $3

-- For example: tenant(), principal_of_request($row), id($row)
