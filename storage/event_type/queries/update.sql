-- Guarded by the version that was read: a concurrent change aborts.
WITH changed AS (
  UPDATE gatehouse.event_type
  SET description = $4, schema = $5, update_time = $6, version = version + 1
  WHERE tenant_id = $1 AND type = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), 'order.7', 1, '', NULL, present()
