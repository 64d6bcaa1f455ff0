SELECT
  -- include columns.sql.part
FROM gatehouse.webhook_replay
WHERE tenant_id = $1 AND replay_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY replay_id DESC
LIMIT $3

-- For example: tenant(), NULL, 51
-- For example: tenant(), id($row), 51
