-- $1 owner, $2 milliseconds, $3 now, $4 and $5 the keys it holds, $6 limit. Not of tenants that are frozen.
WITH pick AS MATERIALIZED (
  SELECT d.tenant_id, d.endpoint_id
  FROM gatehouse.endpoint_delivery d
  JOIN gatehouse.endpoint e USING (tenant_id, endpoint_id)
  WHERE (d.behind OR d.next_due IS NOT NULL)
    AND (d.behind OR d.next_due <= $3)
    AND (d.owner IS NULL OR d.owner = $1 OR d.lease_until < now())
    AND d.created_event_id IS NULL
    AND e.state = 1
    AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = d.tenant_id AND t.state <> 1)
    AND NOT EXISTS (
      SELECT FROM unnest($4::uuid[], $5::uuid[]) AS held (tenant_id, endpoint_id)
      WHERE held.tenant_id = d.tenant_id AND held.endpoint_id = d.endpoint_id)
  LIMIT $6
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE gatehouse.endpoint_delivery d
SET owner = $1, lease_until = now() + $2::bigint * interval '1 millisecond', fence = d.fence + 1
FROM pick
WHERE d.tenant_id = pick.tenant_id AND d.endpoint_id = pick.endpoint_id
RETURNING d.tenant_id, d.endpoint_id, d.fence, d.position, d.next_due, d.consecutive_failures,
          d.breaker_open, d.failing_since, d.exhausted_count, d.alerted, d.recent,
          -- include held_keys.sql.part

-- For example: endpoint_id(0), 1000, present(), '{00000000-0000-7000-8000-000000000001}', ARRAY[endpoint_id(1)], 10
