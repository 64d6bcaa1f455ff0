-- Looks at the next $5 threads of tenant $1 after thread $3 of user $2; which of them nobody has added to since $4. The last one
-- looked at comes last, whether it is one or not.
SELECT t.user_id, t.thread_id, t.message_count, t.update_time < $4
FROM (
  SELECT user_id, thread_id, message_count, update_time
  FROM gatehouse.thread
  WHERE tenant_id = $1 AND (user_id, thread_id) > ($2, $3::text COLLATE "C")
  ORDER BY user_id, thread_id
  LIMIT $5) t
ORDER BY t.user_id, t.thread_id

-- For example: tenant(), id($row), 'thread', present(), 100
