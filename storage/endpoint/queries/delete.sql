WITH found AS (
  SELECT version FROM gatehouse.endpoint WHERE tenant_id = $1 AND endpoint_id = $2
), deleted AS (
  DELETE FROM gatehouse.endpoint
  WHERE tenant_id = $1 AND endpoint_id = $2 AND ($3::bigint IS NULL OR version = $3)
  RETURNING 1
)
SELECT gatehouse.require(EXISTS (SELECT FROM found), 'ENDPOINT_NOT_FOUND'),
       gatehouse.require(EXISTS (SELECT FROM deleted), 'ETAG_MISMATCH')

-- For example, after without_delivery(): tenant(), endpoint_id(24), NULL
