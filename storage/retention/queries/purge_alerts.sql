-- Alerts of tenant $1 that were resolved before $2, $3 at most. There are few: one for each kind and endpoint.
DELETE FROM gatehouse.alert
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.alert
  WHERE tenant_id = $1 AND first_occurred_time < $2 AND state = 3 AND resolved_time < $2
  ORDER BY first_occurred_time
  LIMIT $3
  FOR UPDATE SKIP LOCKED))

-- For example: tenant(), at($row), 100
