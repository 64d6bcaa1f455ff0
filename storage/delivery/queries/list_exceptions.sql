-- Of an ordering key only the first.
SELECT x.event_index, x.event_id, x.event_type, x.attempts, x.due, x.ordering_key
FROM gatehouse.webhook_exception x
WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.state = 2 AND x.due < 'infinity'
  AND x.event_index <> ALL ($3::bigint[])
  AND (x.ordering_key = '' OR NOT EXISTS (
    SELECT FROM gatehouse.webhook_exception y
    WHERE y.tenant_id = $1 AND y.endpoint_id = $2 AND y.state = 2 AND y.ordering_key <> ''
      AND y.ordering_key = x.ordering_key AND y.event_index < x.event_index))
ORDER BY x.due
LIMIT $4

-- For example: tenant(), endpoint_id(1), ARRAY[$row], 100
-- For example: tenant(), endpoint_id(19), ARRAY[$row], 100
