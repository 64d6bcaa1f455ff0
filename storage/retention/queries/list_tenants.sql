-- Those that are active, since of others nothing changes; only those with periods of their own if $3.
SELECT t.tenant_id, r.events_days, r.ended_sessions_days, r.replays_days, r.alerts_days, r.messages_days
FROM gatehouse.tenant t
LEFT JOIN gatehouse.tenant_retention r ON r.tenant_id = t.tenant_id
WHERE t.tenant_id > $1 AND t.state = 1 AND (r.tenant_id IS NOT NULL OR NOT $3::boolean)
ORDER BY t.tenant_id
LIMIT $2

-- For example: tenant(), 100, false
