-- Whoever changes exceptions of an endpoint locks this row first.
WITH locked AS MATERIALIZED (
  SELECT FROM gatehouse.endpoint_delivery WHERE tenant_id = $1 AND endpoint_id = $2 FOR NO KEY UPDATE
)
SELECT gatehouse.require(EXISTS (SELECT FROM locked), 'ENDPOINT_NOT_FOUND')

-- For example: tenant(), endpoint_id(1)
