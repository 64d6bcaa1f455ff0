-- Disabled endpoints do not keep the log. One that is enabled again goes on where the log of tenant $1 begins by then, and need
-- not search for it.
UPDATE gatehouse.endpoint_delivery d
SET position = s.first_index - 1
FROM gatehouse.event_log_start s, gatehouse.endpoint e
WHERE d.tenant_id = $1 AND s.tenant_id = $1 AND d.position < s.first_index - 1 AND d.owner IS NULL
  AND e.tenant_id = $1 AND e.endpoint_id = d.endpoint_id AND e.state = 3

-- For example: tenant()
