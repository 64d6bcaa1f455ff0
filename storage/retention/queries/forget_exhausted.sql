-- Deliveries that were given up, of events of tenant $1 that are gone; $2 at most.
DELETE FROM gatehouse.webhook_exception
WHERE ctid = ANY (ARRAY(
  SELECT x.ctid
  FROM gatehouse.event_log_start s
  JOIN gatehouse.endpoint_delivery d ON d.tenant_id = $1
  JOIN gatehouse.webhook_exception x
    ON x.tenant_id = $1 AND x.endpoint_id = d.endpoint_id AND x.state = 3 AND x.event_index < s.first_index
  WHERE s.tenant_id = $1
  LIMIT $2
  FOR UPDATE OF x SKIP LOCKED))

-- For example: tenant(), 100
