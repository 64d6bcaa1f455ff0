-- Guarded by the version that was read, as update.sql.
WITH deleted AS (
  DELETE FROM gatehouse.event_type
  WHERE tenant_id = $1 AND type = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require(EXISTS (SELECT FROM deleted), 'ETAG_MISMATCH')

-- For example: tenant(), 'order.7', 1
