-- As acknowledge.sql.
WITH changed AS (
  UPDATE gatehouse.alert
  SET state = 3, resolved_time = $4, resolved_type = $5, resolved_id = $6, resolution = $7, version = version + 1
  WHERE tenant_id = $1 AND alert_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), id($row), 1, present(), 'user', 'u', 'by_hand'
