-- $1: of this tenant, or of all. For deliverers: an endpoint is as good as paused while its tenant is frozen.
SELECT e.endpoint_id, e.url, e.event_types, e.description, e.headers, e.secrets, e.secret_ids, e.secret_create_times,
       e.secret_expire_times, e.signature_scheme, e.key_pairs, e.key_pair_ids, e.key_pair_create_times,
       e.key_pair_expire_times, e.timeout_ms, e.max_in_flight,
       CASE WHEN e.state = 1 AND EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = e.tenant_id AND t.state <> 1)
            THEN 2::smallint ELSE e.state END,
       e.disabled_reason, e.metadata, e.create_time,
       e.update_time, e.version, e.payload_filter, d.created_event_id,
       e.max_per_second, e.max_burst, e.retry_delays_ms, e.http2, e.ca_certificates, e.client_certificate, e.client_key, e.tenant_id
FROM gatehouse.endpoint e
JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
WHERE $1::uuid IS NULL OR e.tenant_id = $1

-- Not measured: reads every endpoint, at the start: a tenant has so many at most.
