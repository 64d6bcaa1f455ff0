SELECT events_days, ended_sessions_days, replays_days, alerts_days, messages_days, update_time, version
FROM gatehouse.tenant_retention
WHERE tenant_id = $1

-- For example: tenant()
