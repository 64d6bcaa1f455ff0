-- The next $4 threads of user $2 after $3, by name, and how much all of them hold. At least one row.
SELECT gatehouse.require(EXISTS (
         SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL),
         'USER_NOT_FOUND'),
       coalesce((SELECT content_bytes FROM gatehouse.thread_usage WHERE tenant_id = $1 AND user_id = $2), 0),
       t.thread_id, t.message_count, t.content_bytes, t.create_time, t.update_time
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (
  SELECT thread_id, message_count, content_bytes, create_time, update_time
  FROM gatehouse.thread
  WHERE tenant_id = $1 AND user_id = $2 AND thread_id > $3
  ORDER BY thread_id
  LIMIT $4) t ON true
ORDER BY t.thread_id;

-- For example: tenant(), id($row), '', 51
