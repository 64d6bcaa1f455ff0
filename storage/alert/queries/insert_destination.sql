-- At most $13 in a tenant. Two at the limit at a time may make one too many, which does no harm.
WITH others AS (
  SELECT 1 FROM gatehouse.alert_destination WHERE tenant_id = $1 LIMIT $13
), guarded AS MATERIALIZED (
  SELECT gatehouse.require((SELECT count(*) FROM others) < $13, 'LIMIT_REACHED')
)
INSERT INTO gatehouse.alert_destination (tenant_id, destination_id, display_name, addresses, kinds, tells_resolved, locale,
  time_zone, silence, quiet_hours, wakes_critical, create_time, update_time, version)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 1
FROM guarded

-- For example: tenant(), new_id(), 'on call', ARRAY['a@example.com'], ARRAY[1], true, 'en', 'UTC', 0, '[]', false, present(),
--   50
