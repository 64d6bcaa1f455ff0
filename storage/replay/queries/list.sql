-- Newest first. $2: before this id. Of the last parameter, here $4, bytes of event types are returned at most, but for the last
-- row; `found` tells how many rows there were without that (session/queries/list.sql).
SELECT
  -- include columns.sql.part
  , found
FROM (
  SELECT
    -- include columns.sql.part
    , sum(bytes) OVER (ORDER BY replay_id DESC ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT
      -- include columns.sql.part
      , CASE WHEN pg_column_compression(event_types) IS NULL
      THEN pg_column_size(event_types) ELSE octet_length(event_types::text) END AS bytes
    FROM gatehouse.webhook_replay
    WHERE tenant_id = $1
      AND replay_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY replay_id DESC
    LIMIT $3) AS page) AS page
WHERE before < $4
ORDER BY replay_id DESC

-- For example: tenant(), NULL, 51, 3145728
-- For example: tenant(), id($row), 51, 3145728
