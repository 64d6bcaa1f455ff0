-- Deletes one thread of a user whose time is over at $2, one that no other instance is at work on, or takes the user off the
-- list if none is left, or if it was brought back. Returns whether there was one.
WITH work AS (
  SELECT p.user_id, u.user_id IS NULL OR coalesce(u.purge_time <= $2, false) AS ended
  FROM gatehouse.thread_purge p
  LEFT JOIN gatehouse.user_account u ON u.tenant_id = $1 AND u.user_id = p.user_id
  WHERE p.tenant_id = $1 AND p.due_time <= $2
  ORDER BY p.due_time, p.user_id
  LIMIT 1
  FOR UPDATE OF p SKIP LOCKED
), next AS (
  SELECT w.user_id, t.thread_id, t.thread_uid
  FROM work w
  CROSS JOIN LATERAL (
    SELECT thread_id, thread_uid
    FROM gatehouse.thread
    WHERE tenant_id = $1 AND user_id = w.user_id
    ORDER BY thread_id
    LIMIT 1) t
  WHERE w.ended
), gone AS (
  DELETE FROM gatehouse.thread t
  USING next
  WHERE t.tenant_id = $1 AND t.user_id = next.user_id AND t.thread_id = next.thread_id
), messages AS (
  DELETE FROM gatehouse.thread_message m
  USING next
  WHERE m.tenant_id = $1 AND m.thread_uid = next.thread_uid
), used AS (
  DELETE FROM gatehouse.thread_usage g
  USING work w
  WHERE g.tenant_id = $1 AND g.user_id = w.user_id AND w.ended AND NOT EXISTS (SELECT FROM next)
), done AS (
  DELETE FROM gatehouse.thread_purge p
  USING work w
  WHERE p.tenant_id = $1 AND p.user_id = w.user_id AND NOT EXISTS (SELECT FROM next)
)
SELECT EXISTS (SELECT FROM work);

-- For example: tenant(), present() + interval '40 days'
-- For example: tenant(), at(1)
