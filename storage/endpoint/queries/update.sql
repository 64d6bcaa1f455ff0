-- Guarded by the version that was read: a concurrent change aborts.
WITH changed AS (
  UPDATE gatehouse.endpoint
  SET url = $4, event_types = $5, description = $6, headers = $7, secrets = $8, secret_ids = $9,
      secret_create_times = $10, secret_expire_times = $11, signature_scheme = $12::integer,
      key_pairs = $13, key_pair_ids = $14, key_pair_create_times = $15, key_pair_expire_times = $16,
      timeout_ms = $17, max_in_flight = $18, state = $19::integer, disabled_reason = $20,
      metadata = $21, update_time = $22, payload_filter = $23,
      max_per_second = $24, max_burst = $25::integer, retry_delays_ms = $26, http2 = $27,
      ca_certificates = $28, client_certificate = $29, client_key = $30, version = version + 1
  WHERE tenant_id = $1 AND endpoint_id = $2 AND version = $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), endpoint_id(1), 1, 'https://example.com', '{*}', '', '', '{a}', ARRAY[new_id()],
--   ARRAY[present()], '{infinity}', 1, '{}', '{}', '{}', '{}', 1000, 1, 2, '', '{}', present(), 'data.n = 1',
--   10, 20, ARRAY[1000], true, '', '', NULL::bytea
