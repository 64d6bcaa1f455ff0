-- $1 owner, $2 milliseconds; then keys and the first index each wants. Not of tenants that are frozen.
WITH pick AS MATERIALIZED (
  SELECT d.tenant_id, d.endpoint_id, w.first_index
  FROM unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS w (tenant_id, endpoint_id, first_index)
  JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
  WHERE (d.owner IS NULL OR d.owner = $1 OR d.lease_until < now()) AND d.created_event_id IS NULL
    AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = d.tenant_id AND t.state <> 1)
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE gatehouse.endpoint_delivery d
SET owner = $1, lease_until = now() + $2::bigint * interval '1 millisecond', fence = d.fence + 1,
    position = CASE WHEN d.behind THEN d.position
                    ELSE greatest(d.position, pick.first_index - 1) END,
    behind = true
FROM pick
WHERE d.tenant_id = pick.tenant_id AND d.endpoint_id = pick.endpoint_id
RETURNING d.tenant_id, d.endpoint_id, d.fence, d.position, d.next_due, d.consecutive_failures,
          d.breaker_open, d.failing_since, d.exhausted_count, d.alerted, d.recent,
          -- include held_keys.sql.part

-- For example: endpoint_id(0), 1000, ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[rows()]
