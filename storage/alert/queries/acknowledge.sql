-- Guarded by the version that was read: a concurrent change aborts.
WITH changed AS (
  UPDATE gatehouse.alert
  SET state = 2, acknowledged_time = $4, acknowledged_type = $5, acknowledged_id = $6, version = version + 1
  WHERE tenant_id = $1 AND alert_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), id($row), 1, present(), 'user', 'u'
