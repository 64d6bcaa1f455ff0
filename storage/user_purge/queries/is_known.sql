-- Whether the log or a purge knows a user without an account.
SELECT EXISTS (SELECT FROM gatehouse.user_purge WHERE tenant_id = $1 AND user_id = $2)
  OR EXISTS (SELECT FROM gatehouse.event_target WHERE tenant_id = $1 AND target_id = $2::uuid::text)
  OR EXISTS (
    SELECT FROM gatehouse.event_order
    WHERE tenant_id = $1 AND actor_id = $2::uuid::text AND actor_id <> '')

-- For example: tenant(), id($row)
