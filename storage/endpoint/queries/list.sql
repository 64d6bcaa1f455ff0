-- Newest first: version 7 ids sort by creation. $2: before this id. Of the last parameter, here $4, bytes are returned at most of
-- what may be large, but for the last row; `found` tells how many rows there were without that (session/queries/list.sql).
SELECT
  -- include columns.sql.part
  , e.found
FROM (
  SELECT page.*, sum(bytes) OVER (ORDER BY endpoint_id DESC ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT t.*,
      -- Known of these without fetching or unpacking them.
      octet_length(url) + octet_length(description) + octet_length(payload_filter) + octet_length(headers)
      + octet_length(ca_certificates) + octet_length(client_certificate) + coalesce(octet_length(client_key), 0)
      + CASE WHEN pg_column_compression(event_types) IS NULL
        THEN pg_column_size(event_types) ELSE octet_length(event_types::text) END
      + CASE WHEN pg_column_compression(metadata) IS NULL
        THEN pg_column_size(metadata) ELSE octet_length(metadata::text) END AS bytes
    FROM gatehouse.endpoint t
    WHERE tenant_id = $1 AND endpoint_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY endpoint_id DESC
    LIMIT $3) AS page) AS e
-- OFFSET 0, here and below: the planner cannot know how few rows are left, and might read all of these tables.
JOIN LATERAL (
  SELECT created_event_id, position, behind, breaker_open, consecutive_failures, last_success_time, last_failure_time,
         retrying_count, recent, paced_until
  FROM gatehouse.endpoint_delivery c
  WHERE c.tenant_id = $1 AND c.endpoint_id = e.endpoint_id OFFSET 0
) d ON true
JOIN gatehouse.webhook_fanout f ON f.tenant_id = $1
LEFT JOIN gatehouse.event_log_head h ON h.tenant_id = $1
-- The position is before the first event that has not been tried.
LEFT JOIN LATERAL (
  SELECT recorded_time FROM gatehouse.event_order o
  WHERE o.tenant_id = $1 AND o.index = d.position + 1 AND d.behind OFFSET 0
) o ON true
WHERE e.before < $4
ORDER BY e.endpoint_id DESC

-- For example: tenant(), NULL, 51, 3145728
-- For example: tenant(), endpoint_id(12), 51, 3145728
