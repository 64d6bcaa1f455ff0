-- An endpoint is settled if it has got as far as its tenant's cursor. The share
-- lock orders this against advance_fanout.sql: either that sees the endpoint no
-- longer behind and marks it anew, or this sees the new cursor.
WITH cursors AS MATERIALIZED (
  SELECT tenant_id, position FROM gatehouse.webhook_fanout
  WHERE tenant_id = ANY ($1::uuid[])
  FOR SHARE
)
UPDATE gatehouse.endpoint_delivery d
SET owner = NULL, lease_until = NULL,
    position = CASE WHEN r.done THEN greatest(d.position, r.position) ELSE d.position END,
    behind = NOT (r.done AND c.position <= r.position),
    -- Who waits here for others sees what they made of this row, but not their exceptions: then it
    -- stays as they left it, which is not later than any of them.
    next_due = CASE WHEN d.next_due IS NOT DISTINCT FROM seen.next_due THEN (
      SELECT min(x.due) FROM gatehouse.webhook_exception x
      WHERE x.tenant_id = d.tenant_id AND x.endpoint_id = d.endpoint_id AND x.state = 2)
      ELSE d.next_due END
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[])
  AS r (tenant_id, endpoint_id, fence, position, done)
JOIN cursors c ON c.tenant_id = r.tenant_id
JOIN gatehouse.endpoint_delivery seen ON seen.tenant_id = r.tenant_id AND seen.endpoint_id = r.endpoint_id
WHERE d.tenant_id = r.tenant_id AND d.endpoint_id = r.endpoint_id AND d.fence = r.fence

-- For example: ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY[rows()], ARRAY[true]
-- For example: ARRAY[tenant()], ARRAY[endpoint_id(19)], ARRAY[1], ARRAY[rows()], ARRAY[true]
