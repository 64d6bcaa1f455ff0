SELECT
  -- include columns.sql.part
FROM gatehouse.webhook_replay
WHERE tenant_id = $1 AND replay_id = $2

-- For example: tenant(), id($row)
