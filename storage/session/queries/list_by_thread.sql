-- As list.sql, of the thread $6, which is not empty: its index leaves out sessions without one.
SELECT
  -- include columns.sql.part
  , found
FROM (
  SELECT
    -- include columns.sql.part
    , sum(bytes) OVER (ORDER BY session_id DESC ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT
      -- include columns.sql.part
      , CASE WHEN pg_column_compression(context) IS NULL
      THEN pg_column_size(context) ELSE octet_length(context::text) END AS bytes
    FROM gatehouse.session
    WHERE tenant_id = $1 AND thread_id = $6 AND thread_id <> ''
      AND session_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      AND ($3::boolean
           OR (revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4))
    ORDER BY session_id DESC
    LIMIT $5) AS page) AS page
WHERE before < $7
ORDER BY session_id DESC;

-- For example: tenant(), NULL, true, present(), 51, 'thread-' || $row / 80, 3145728
-- For example: tenant(), id($row), false, present(), 51, 'thread-' || $row / 80, 3145728
