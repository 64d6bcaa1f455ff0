-- Whether there is room for $4 more messages of $5 bytes, as append.sql demands it. $6: of messages; $7: of their bytes; $8: of
-- the user's threads; $9: of the bytes of them all, each at most.
SELECT gatehouse.require(
         coalesce(t.message_count, 0) + $4::bigint <= $6::bigint AND coalesce(t.content_bytes, 0) + $5::bigint <= $7::bigint,
         'CONSTRAINT_VIOLATED'),
       gatehouse.require(coalesce(g.content_bytes, 0) + $5::bigint <= $9::bigint, 'TOO_LARGE'),
       gatehouse.require(
         CASE WHEN t.thread_uid IS NULL
         THEN NOT EXISTS (
           SELECT FROM gatehouse.thread WHERE tenant_id = $1 AND user_id = $2 OFFSET $8::bigint - 1 LIMIT 1)
         ELSE true END, 'LIMIT_REACHED')
FROM (VALUES (1)) AS one
LEFT JOIN gatehouse.thread t ON t.tenant_id = $1 AND t.user_id = $2 AND t.thread_id = $3
LEFT JOIN gatehouse.thread_usage g ON g.tenant_id = $1 AND g.user_id = $2;

-- For example: tenant(), id($row), 'thread-' || $row, 1, 7, 10000, 67108864, 10000, 1073741824
-- For example: tenant(), id($row), 'new', 1, 7, 10000, 67108864, 10000, 1073741824
