SELECT event_index, event_id, event_type, attempts, due, ordering_key
FROM gatehouse.webhook_exception
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 2 AND ordering_key <> '' AND ordering_key = $3 COLLATE "C"
  AND event_index > $4
ORDER BY event_index
LIMIT $5

-- For example: tenant(), endpoint_id(1), 'user-1', $row, 31
