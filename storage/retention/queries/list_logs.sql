-- Tenants with a log, and for how many days each is kept where that is not as the settings say.
SELECT h.tenant_id, r.events_days
FROM gatehouse.event_log_head h
LEFT JOIN gatehouse.tenant_retention r ON r.tenant_id = h.tenant_id
WHERE h.tenant_id > $1
ORDER BY h.tenant_id
LIMIT $2

-- For example: tenant(), 100
