-- A thread with its messages. $4: how many must be there, as read before: what is added meanwhile would not be seen here and
-- would stay behind.
WITH gone AS (
  DELETE FROM gatehouse.thread
  WHERE tenant_id = $1 AND user_id = $2 AND thread_id = $3 AND message_count = $4
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
)
SELECT gatehouse.require(EXISTS (SELECT FROM gone), 'ETAG_MISMATCH');

-- For example: tenant(), id($row), 'thread-' || $row, 10
