-- The messages of a thread from $3 on, $4 at most; of their contents $5 bytes at most, but for the last.
SELECT m.index, m.role, m.content, m.create_time
FROM (
  SELECT page.*, sum(content_bytes) OVER (ORDER BY index ROWS UNBOUNDED PRECEDING) - content_bytes AS before
  FROM (
    SELECT index, role, content, content_bytes, create_time
    FROM gatehouse.thread_message
    WHERE tenant_id = $1 AND thread_uid = $2 AND index >= $3
    ORDER BY index
    LIMIT $4) AS page) m
WHERE m.before < $5
ORDER BY m.index

-- For example: tenant(), id($row), 0, 51, 3145728
