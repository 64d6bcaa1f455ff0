SELECT count(*)
FROM (
  SELECT FROM gatehouse.alert
  WHERE tenant_id = $1 AND first_occurred_time < $2 AND state = 3 AND resolved_time < $2
  LIMIT $3) s

-- For example: tenant(), at($row), 100
