-- A statement of its own after flush.sql, whose rows its snapshot must show. Of each ordering key the first exception that is
-- RETRYING is due, if it has waited for another one; returns the keys that have one.
WITH asked AS MATERIALIZED (
  SELECT r.tenant_id, r.endpoint_id, r.ordering_key, r.due
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::timestamptz[])
    AS r (tenant_id, endpoint_id, fence, ordering_key, due)
  JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
  WHERE d.fence = r.fence AND d.owner = $1
), found AS MATERIALIZED (
  SELECT a.tenant_id, a.endpoint_id, a.ordering_key, a.due, x.event_index
  FROM asked a
  CROSS JOIN LATERAL (
    SELECT t.event_index FROM gatehouse.webhook_exception t
    WHERE t.tenant_id = a.tenant_id AND t.endpoint_id = a.endpoint_id AND t.state = 2 AND t.ordering_key <> ''
      AND t.ordering_key = a.ordering_key COLLATE "C"
    ORDER BY t.event_index
    LIMIT 1
  ) x
), due AS (
  UPDATE gatehouse.webhook_exception x
  SET due = f.due
  FROM found f
  WHERE x.tenant_id = f.tenant_id AND x.endpoint_id = f.endpoint_id AND x.event_index = f.event_index
    AND x.state = 2 AND x.due = 'infinity'
)
SELECT tenant_id, endpoint_id, ordering_key FROM found

-- For example: endpoint_id(0), ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY['user-1'], ARRAY[present()]
