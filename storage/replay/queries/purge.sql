-- In steps of a limited size. What has ended is not changed any more, so a place in the table stays its.
DELETE FROM gatehouse.webhook_replay
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.webhook_replay
  WHERE tenant_id = $1 AND end_time < $2
  ORDER BY end_time
  LIMIT $3
  FOR UPDATE SKIP LOCKED))
RETURNING true

-- For example: tenant(), present(), 100
