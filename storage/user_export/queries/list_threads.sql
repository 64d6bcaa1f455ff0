-- The threads of a user, deleted or not, by name, behind the one of $3.
SELECT thread_id, thread_uid, message_count, create_time, update_time
FROM gatehouse.thread
WHERE tenant_id = $1 AND user_id = $2 AND thread_id > $3
ORDER BY thread_id
LIMIT $4

-- For example: tenant(), id($row), '', 10
