-- How many messages a thread has, and those of the keys $4, each with whether its role and content are $5 and $6. At least one
-- row.
SELECT gatehouse.require(EXISTS (
         SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL),
         'USER_NOT_FOUND'),
       coalesce(t.message_count, 0), m.message_key, m.message_id, m.index, m.create_time, m.same
FROM (VALUES (1)) AS one
LEFT JOIN gatehouse.thread t ON t.tenant_id = $1 AND t.user_id = $2 AND t.thread_id = $3
LEFT JOIN LATERAL (
  SELECT m.message_key, m.message_id, m.index, m.create_time, m.role = k.role AND m.content = k.content AS same
  FROM unnest($4::text[], $5::integer[], $6::jsonb[]) AS k (key, role, content)
  JOIN gatehouse.thread_message m
    ON m.tenant_id = $1 AND m.thread_uid = t.thread_uid AND m.message_key = k.key AND m.message_key IS NOT NULL) m ON true;

-- For example: tenant(), id($row), 'thread-' || $row, '{key-0,key-2}', '{2,2}', '{1,1}'
-- For example: tenant(), id($row), 'new', '{}', '{}', '{}'
