-- $25: the most endpoints a tenant may have.
INSERT INTO gatehouse.endpoint
  (tenant_id, endpoint_id, url, event_types, description, headers, secrets, secret_ids,
   secret_create_times, secret_expire_times, signature_scheme, key_pairs, key_pair_ids,
   key_pair_create_times, key_pair_expire_times, timeout_ms, max_in_flight, state, disabled_reason,
   metadata, create_time, update_time, version, payload_filter, max_per_second, max_burst, retry_delays_ms,
   http2, ca_certificates, client_certificate, client_key)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::integer, $12, $13, $14, $15, $16, $17, $18::integer,
       $19, $20, $21, $22, $23, $24, $26, $27::integer, $28, $29, $30, $31, $32
FROM (
  SELECT gatehouse.require(
    (SELECT count(*) FROM gatehouse.endpoint WHERE tenant_id = $1) < $25::bigint, 'LIMIT_REACHED')
) AS guard

-- For example: tenant(), new_id(), 'https://example.com', '{*}', '', '', '{a}', ARRAY[new_id()], ARRAY[present()],
--   '{infinity}', 1, '{}', '{}', '{}', '{}', 1000, 1, 1, '', '{}', present(), present(), 1, '', 1000,
--   0, 0, NULL::bigint[], false, '', '', NULL::bytea
