-- $2: the id of a target. What comes first about something tells of its creation, so that few entries come before it.
SELECT t.index
FROM gatehouse.event_target t, LATERAL (
  -- OFFSET 0 keeps the planner from reading all of the order to join it by hashing.
  SELECT o.type FROM gatehouse.event_order o WHERE o.tenant_id = $1 AND o.index = t.index OFFSET 0
) o
WHERE t.tenant_id = $1 AND t.target_id = $2 AND o.type = $3
ORDER BY t.index
LIMIT 1

-- For example: tenant(), 'target-' || $row / 20, event_type($row)
