SELECT
  -- include columns.sql.part
  , found
FROM (
  SELECT
    -- include columns.sql.part
    , sum(bytes) OVER (ORDER BY create_time DESC, user_id DESC ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT
      -- include columns.sql.part
      , CASE WHEN pg_column_compression(metadata) IS NULL
      THEN pg_column_size(metadata) ELSE octet_length(metadata::text) END AS bytes
    FROM gatehouse.user_account
    WHERE tenant_id = $1 AND (create_time, user_id) < ($2, $3)
      AND (delete_time IS NULL OR $4)
    ORDER BY create_time DESC, user_id DESC
    LIMIT $5) AS page) AS page
WHERE before < $6
ORDER BY create_time DESC, user_id DESC

-- For example: tenant(), at($row), id($row), false, 51, 3145728
-- For example: tenant(), at($row), id($row), true, 51, 3145728
