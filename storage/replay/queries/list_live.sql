-- Those that come after ($1, $2), of all tenants.
SELECT
  -- include columns.sql.part
FROM gatehouse.webhook_replay
WHERE state IN (1, 2) AND (tenant_id, replay_id) > ($1, $2)
ORDER BY tenant_id, replay_id
LIMIT $3

-- For example: tenant(), id(1), 100
