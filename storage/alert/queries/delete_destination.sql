-- Guarded by the version that was read.
WITH deleted AS (
  DELETE FROM gatehouse.alert_destination
  WHERE tenant_id = $1 AND destination_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM deleted) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), id(1), 1
