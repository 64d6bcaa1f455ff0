-- As list.sql, of the user $6 and, if it is not null, the thread $7.
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
    WHERE tenant_id = $1 AND user_id = $6
      AND session_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      AND ($7::text IS NULL OR thread_id = $7)
      AND ($3::boolean
           OR (revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4))
    ORDER BY session_id DESC
    LIMIT $5) AS page) AS page
WHERE before < $8
ORDER BY session_id DESC;

-- For example: tenant(), NULL, false, present(), 51, user_of_session($row), NULL, 3145728
-- For example: tenant(), id($row), true, present(), 51, user_of_session($row), NULL, 3145728
-- For example: tenant(), NULL, false, present(), 51, user_of_session($row), 'thread-' || $row / 80, 3145728
