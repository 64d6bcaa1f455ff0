-- The messages of a thread with the indexes $4 to $5, $6 at most, the oldest first; of their contents $7 bytes at most, but for
-- the last row: the others are not even fetched. At least one row, which says how many messages the thread has.
SELECT gatehouse.require(EXISTS (
         SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL),
         'USER_NOT_FOUND'),
       coalesce(t.message_count, 0), m.index, m.message_id, m.role, m.content, m.message_key, m.session_id, m.create_time
FROM (VALUES (1)) AS one
LEFT JOIN gatehouse.thread t ON t.tenant_id = $1 AND t.user_id = $2 AND t.thread_id = $3
LEFT JOIN LATERAL (
  SELECT page.*, sum(content_bytes) OVER (ORDER BY index ROWS UNBOUNDED PRECEDING) - content_bytes AS before
  FROM (
    SELECT index, message_id, role, content, content_bytes, message_key, session_id, create_time
    FROM gatehouse.thread_message
    WHERE tenant_id = $1 AND thread_uid = t.thread_uid AND index BETWEEN $4 AND $5
    ORDER BY index
    LIMIT $6) AS page) m ON m.before < $7
ORDER BY m.index;

-- For example: tenant(), id($row), 'thread-' || $row, 0, 10000, 51, 3145728
-- For example: tenant(), id($row), 'thread-' || $row, 3, 10000, 51, 3145728
