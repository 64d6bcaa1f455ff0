INSERT INTO gatehouse.request
  (tenant_id, principal_id, request_id, method, request_hash, response, create_time)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- For example: tenant(), principal_of_request($row), new_id(), '', '', '', present()
