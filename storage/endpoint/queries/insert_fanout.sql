-- The tenant's first endpoint starts the matching of its log.
INSERT INTO gatehouse.webhook_fanout (tenant_id, position)
VALUES ($1, coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1), 0))
ON CONFLICT DO NOTHING

-- For example: tenant()
