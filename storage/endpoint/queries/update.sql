-- Guarded by the version that was read: a concurrent change aborts.
WITH changed AS (
  UPDATE gatehouse.endpoint
  SET url = $4, event_types = $5, description = $6, headers = $7, secrets = $8, timeout_ms = $9,
      max_in_flight = $10, state = $11::integer, disabled_reason = $12, metadata = $13,
      update_time = $14, version = version + 1
  WHERE tenant_id = $1 AND endpoint_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), endpoint_id(1), 1, 'https://example.com', '{*}', '', '', '{a}', 1000, 1, 2, '', '{}',
--   present()
