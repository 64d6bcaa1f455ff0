-- Before the endpoint itself: this is the row that its deliverer locks.
DELETE FROM gatehouse.endpoint_delivery WHERE tenant_id = $1 AND endpoint_id = $2

-- For example: tenant(), endpoint_id(24)
