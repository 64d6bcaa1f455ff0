-- The log is to forget a user without an account, if it knows that id at all.
WITH known AS (
  SELECT 1 FROM gatehouse.user_purge WHERE tenant_id = $1 AND user_id = $2
  UNION ALL
  (SELECT 1 FROM gatehouse.event_target WHERE tenant_id = $1 AND target_id = $2::uuid::text LIMIT 1)
  UNION ALL
  (SELECT 1 FROM gatehouse.event_order
   WHERE tenant_id = $1 AND actor_id = $2::uuid::text AND actor_id <> '' LIMIT 1)
), queued AS (
  INSERT INTO gatehouse.user_purge AS p (tenant_id, user_id, due_time, erase)
  SELECT $1, $2, $3, true
  WHERE EXISTS (SELECT FROM known)
    AND NOT EXISTS (SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2)
  ON CONFLICT (tenant_id, user_id) DO UPDATE
  SET due_time = least(p.due_time, excluded.due_time), erase = true
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'USER_NOT_FOUND')
FROM queued

-- Not measured: whose row there is and whose there is not, the lists below measure.
