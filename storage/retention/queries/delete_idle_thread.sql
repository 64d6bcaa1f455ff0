-- Thread $3 of user $2 with its messages, if nobody has added to it since $4.
WITH gone AS (
  DELETE FROM gatehouse.thread
  WHERE tenant_id = $1 AND user_id = $2 AND thread_id = $3 AND update_time < $4
  RETURNING thread_uid, content_bytes
), used AS (
  UPDATE gatehouse.thread_usage g
  SET content_bytes = greatest(0, g.content_bytes - gone.content_bytes)
  FROM gone
  WHERE g.tenant_id = $1 AND g.user_id = $2
), messages AS (
  DELETE FROM gatehouse.thread_message m
  USING gone
  WHERE m.tenant_id = $1 AND m.thread_uid = gone.thread_uid
  RETURNING 1
)
SELECT count(*) FROM messages

-- For example: tenant(), id($row), 'thread-' || $row, present()
