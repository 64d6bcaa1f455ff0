-- Guarded by the version that was read.
WITH changed AS (
  UPDATE gatehouse.alert_destination
  SET display_name = $4, addresses = $5, kinds = $6, tells_resolved = $7, locale = $8, time_zone = $9, silence = $10,
      quiet_hours = $11, wakes_critical = $12, update_time = $13, version = version + 1
  WHERE tenant_id = $1 AND destination_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), id(1), 1, 'on call', ARRAY['a@example.com'], ARRAY[1], true, 'en', 'UTC', 0, '[]', false, present()
