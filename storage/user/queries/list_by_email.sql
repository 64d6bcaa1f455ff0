SELECT
  -- include columns.sql.part
  , found
FROM (
  SELECT
    -- include columns.sql.part
    , sum(bytes) OVER (ORDER BY email_key ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT
      -- include columns.sql.part
      , CASE WHEN pg_column_compression(metadata) IS NULL
      THEN pg_column_size(metadata) ELSE octet_length(metadata::text) END AS bytes
    FROM gatehouse.user_account
    WHERE tenant_id = $1 AND email_key > $2 AND email_key >= $3 AND email_key < $4
      AND delete_time IS NULL
      AND ($6::text IS NULL OR role = $6) AND ($7::integer IS NULL OR state = $7)
    ORDER BY email_key
    LIMIT $5) AS page) AS page
WHERE before < $8
ORDER BY email_key

-- For example: tenant(), email($row), '', chr(1114111), 51, NULL, NULL, 3145728
-- For example: tenant(), '', username($row), username($row) || chr(1114111), 51, NULL, NULL, 3145728
-- For example: tenant(), email($row), 'u', 'u' || chr(1114111), 51, 'viewer', 1, 3145728
