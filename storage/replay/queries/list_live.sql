-- Those that come after ($1, $2), of all tenants that are not frozen.
SELECT
  -- include columns.sql.part
FROM gatehouse.webhook_replay r
WHERE state IN (1, 2) AND (tenant_id, replay_id) > ($1, $2)
  AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = r.tenant_id AND t.state <> 1)
ORDER BY tenant_id, replay_id
LIMIT $3

-- For example: tenant(), id(1), 100
