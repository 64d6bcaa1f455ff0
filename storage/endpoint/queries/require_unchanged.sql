-- Nobody has changed the endpoint since it was read, nor does before this transaction is over.
SELECT gatehouse.require(EXISTS (
  SELECT FROM gatehouse.endpoint WHERE tenant_id = $1 AND endpoint_id = $2 AND version = $3 FOR SHARE), 'CONFLICT')

-- For example: tenant(), endpoint_id(1), 1
