-- Newest first: version 7 ids sort by creation. $2: before this id, or null; coalesced, so that it bounds the index also in a
-- plan for any parameters. $3: also ended ones; $4: now. $5: limit. Of the last
-- parameter, here $6, bytes of contexts are returned at most, but for the last row; `found` tells how many rows there were
-- without that. The size of a compressed value is not known without its text; the others need not even be fetched.
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
    WHERE tenant_id = $1
      AND session_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      AND ($3::boolean
           OR (revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4))
    ORDER BY session_id DESC
    LIMIT $5) AS page) AS page
WHERE before < $6
ORDER BY session_id DESC;

-- For example: tenant(), NULL, false, present(), 51, 3145728
-- For example: tenant(), id($row), false, present(), 51, 3145728
-- For example: tenant(), id($row), true, present(), 51, 3145728
