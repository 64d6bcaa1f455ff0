SELECT tenant_id, size FROM gatehouse.event_log_head ORDER BY tenant_id

-- Not measured: reads a row per tenant.
