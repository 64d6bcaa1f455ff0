-- Guarded by the version that was read: a concurrent change aborts.
WITH ended AS (
  UPDATE gatehouse.webhook_replay
  SET state = $4::integer, failure = $5, hold = 0, end_time = $6, version = version + 1
  WHERE tenant_id = $1 AND replay_id = $2 AND version = $3 AND state IN (1, 2)
  RETURNING 1
)
SELECT gatehouse.require(EXISTS (SELECT FROM ended), 'ETAG_MISMATCH')

-- For example, after live_replay(): tenant(), id(1), 1, 3, '', present()
