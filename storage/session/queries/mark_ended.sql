-- Marks the next $2 sessions of one user whose sessions have ended (revoke_by_user.sql), one that no other instance is at
-- work on. Returns whether there was one.
WITH work AS (
  SELECT user_id, epoch, reason, end_time, position
  FROM gatehouse.session_end
  WHERE tenant_id = $1
  ORDER BY user_id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
), slice AS (
  SELECT s.session_id
  FROM work w
  CROSS JOIN LATERAL (
    SELECT session_id
    FROM gatehouse.session
    WHERE tenant_id = $1 AND user_id = w.user_id AND session_id > w.position AND revoke_time IS NULL
    ORDER BY session_id
    LIMIT $2) s
), ended AS (
  UPDATE gatehouse.session s
  SET revoke_time = w.end_time, revoke_reason = w.reason, update_time = w.end_time,
      version = s.version + 1
  FROM slice, work w
  WHERE s.tenant_id = $1 AND s.session_id = slice.session_id AND s.revoke_time IS NULL
    AND (s.user_epoch IS NULL OR s.user_epoch < w.epoch)
    AND s.idle_expire_time > w.end_time AND s.expire_time > w.end_time
), moved AS (
  UPDATE gatehouse.session_end e
  SET position = (SELECT session_id FROM slice ORDER BY session_id DESC LIMIT 1)
  FROM work w
  WHERE e.tenant_id = $1 AND e.user_id = w.user_id AND (SELECT count(*) FROM slice) = $2
), done AS (
  DELETE FROM gatehouse.session_end e
  USING work w
  WHERE e.tenant_id = $1 AND e.user_id = w.user_id AND (SELECT count(*) FROM slice) < $2
)
SELECT EXISTS (SELECT FROM work);

-- For example: tenant(), 1000
