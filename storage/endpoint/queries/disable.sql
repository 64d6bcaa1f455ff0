-- The deliverer's fence guards it: one that lost its lease decides nothing.
WITH held AS (
  SELECT FROM gatehouse.endpoint_delivery
  WHERE tenant_id = $1 AND endpoint_id = $2 AND fence = $3
  FOR UPDATE
), changed AS (
  UPDATE gatehouse.endpoint
  SET state = 3, disabled_reason = $4, update_time = $5, version = version + 1
  WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 1 AND EXISTS (SELECT FROM held)
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'CONFLICT')

-- For example: tenant(), endpoint_id(1), 1, 'gone', present()
