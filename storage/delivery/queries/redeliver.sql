-- A statement of its own after lock.sql: its snapshot must show what committed while that one waited.
WITH retrying AS MATERIALIZED (
  SELECT FROM gatehouse.webhook_exception
  WHERE tenant_id = $1 AND endpoint_id = $2 AND event_index = $3 AND state = 2
), begun AS (
  INSERT INTO gatehouse.webhook_exception
    (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state)
  VALUES ($1, $2, $3, $4, $5, 0, $6, 2)
  ON CONFLICT (tenant_id, endpoint_id, event_index)
    DO UPDATE SET attempts = excluded.attempts, due = excluded.due, state = excluded.state
)
UPDATE gatehouse.endpoint_delivery
-- Never what it was, so that release.sql, which may wait for this row, sees that it changed.
SET next_due = least(next_due - interval '1 microsecond', $6),
    retrying_count = retrying_count + CASE WHEN EXISTS (SELECT FROM retrying) THEN 0 ELSE 1 END
WHERE tenant_id = $1 AND endpoint_id = $2

-- For example: tenant(), endpoint_id(1), rows() + 1, new_id(), 'type', present()
-- For example: tenant(), endpoint_id(1), $row, id($row), 'type', present()
