SELECT f.tenant_id, f.position, coalesce(h.size, 0)
FROM gatehouse.webhook_fanout f
LEFT JOIN gatehouse.event_log_head h USING (tenant_id)

-- Not measured: reads a row per tenant.
