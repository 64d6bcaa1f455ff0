-- Adds messages to the end of a thread, with their event: agents add a few at a time, all the while. The row of the thread is
-- held until the end, so that indexes follow each other in the order of commits.
-- $4: the thread's own id, if it is made here. $6 to $10: ids, roles, contents, their sizes and keys. $12: how many messages
-- must be there before, or null. $13: of messages; $14: of their bytes; $15: of the user's threads; $16: of the bytes of them all,
-- each at most.
WITH noted AS (
  -- include event_log/insert.sql, whose $1 is $17
), owner AS (
  SELECT FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL
), head AS (
  INSERT INTO gatehouse.thread AS t (
    tenant_id, user_id, thread_id, thread_uid, message_count, content_bytes, create_time, update_time)
  SELECT $1, $2, $3, $4, cardinality($6::uuid[]), (SELECT sum(size) FROM unnest($9::integer[]) AS size), $5, $5
  FROM owner
  ON CONFLICT (tenant_id, user_id, thread_id) DO UPDATE
  SET message_count = t.message_count + excluded.message_count,
      content_bytes = t.content_bytes + excluded.content_bytes, update_time = excluded.update_time
  RETURNING thread_uid, message_count, content_bytes, message_count - cardinality($6::uuid[]) AS first_index
), used AS (
  INSERT INTO gatehouse.thread_usage AS g (tenant_id, user_id, content_bytes)
  SELECT $1, $2, (SELECT sum(size) FROM unnest($9::integer[]) AS size)
  FROM head
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET content_bytes = g.content_bytes + excluded.content_bytes
  RETURNING content_bytes
), added AS (
  INSERT INTO gatehouse.thread_message (
    tenant_id, thread_uid, index, message_id, role, content, content_bytes, message_key, session_id, create_time)
  SELECT $1, h.thread_uid, h.first_index + m.number - 1, m.id, m.role, m.content, m.size, m.key, $11, $5
  FROM head h,
    unnest($6::uuid[], $7::integer[], $8::jsonb[], $9::integer[], $10::text[])
      WITH ORDINALITY AS m (id, role, content, size, key, number)
)
SELECT gatehouse.require(EXISTS (SELECT FROM owner), 'USER_NOT_FOUND'),
       gatehouse.require(h.first_index = coalesce($12::bigint, h.first_index), 'ETAG_MISMATCH'),
       gatehouse.require(h.message_count <= $13::bigint AND h.content_bytes <= $14::bigint, 'CONSTRAINT_VIOLATED'),
       gatehouse.require((SELECT content_bytes FROM used) <= $16::bigint, 'TOO_LARGE'),
       gatehouse.require(
         CASE WHEN h.thread_uid = $4
         THEN NOT EXISTS (
           SELECT FROM gatehouse.thread WHERE tenant_id = $1 AND user_id = $2 OFFSET $15::bigint - 1 LIMIT 1)
         ELSE true END, 'LIMIT_REACHED'),
       h.first_index
FROM (VALUES (1)) AS one
LEFT JOIN head h ON true;

-- For example: tenant(), id($row), 'thread-' || $row, new_id(), present(), ARRAY[new_id()], '{2}', '{"\"Hello\""}',
--   '{7}', '{new}', NULL, NULL, 10000, 67108864, 10000, 1073741824, $event
-- For example: tenant(), id($row), 'new', new_id(), present(), ARRAY[new_id()], '{2}', '{"\"Hello\""}', '{7}', '{NULL}',
--   NULL, 0, 10000, 67108864, 10000, 1073741824, $event
