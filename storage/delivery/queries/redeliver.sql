-- A statement of its own after lock.sql: its snapshot must show what committed while that one waited.
WITH retrying AS MATERIALIZED (
  SELECT FROM gatehouse.webhook_exception
  WHERE tenant_id = $1 AND endpoint_id = $2 AND event_index = $3 AND state = 2
), begun AS (
  INSERT INTO gatehouse.webhook_exception
    (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state, ordering_key)
  -- Behind an earlier one of its ordering key it waits for that, as any other.
  SELECT $1, $2, $3, $4, $5, 0, CASE WHEN EXISTS (
    SELECT FROM gatehouse.webhook_exception x
    WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.state = 2 AND x.ordering_key <> ''
      AND x.ordering_key = $7 COLLATE "C" AND x.event_index < $3) THEN timestamptz 'infinity' ELSE $6 END, 2, $7
  ON CONFLICT (tenant_id, endpoint_id, event_index)
    DO UPDATE SET attempts = excluded.attempts, due = excluded.due, state = excluded.state,
                  ordering_key = excluded.ordering_key
)
UPDATE gatehouse.endpoint_delivery
-- Never what it was, so that release.sql, which may wait for this row, sees that it changed.
SET next_due = least(next_due - interval '1 microsecond', $6),
    retrying_count = retrying_count + CASE WHEN EXISTS (SELECT FROM retrying) THEN 0 ELSE 1 END
WHERE tenant_id = $1 AND endpoint_id = $2

-- For example: tenant(), endpoint_id(1), rows() + 1, new_id(), 'type', present(), 'user-1'
-- For example: tenant(), endpoint_id(1), $row, id($row), 'type', present(), ''
