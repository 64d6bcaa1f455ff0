-- Guarded by the version that the change was made from; 0: there was none.
WITH made AS (
  INSERT INTO gatehouse.tenant_retention
    (tenant_id, events_days, ended_sessions_days, replays_days, alerts_days, messages_days, update_time, version)
  SELECT $1::uuid, $3::integer, $4::integer, $5::integer, $6::integer, $7::integer, $8::timestamptz, 1
  WHERE $2::bigint = 0
  ON CONFLICT (tenant_id) DO NOTHING
  RETURNING 1
), updated AS (
  UPDATE gatehouse.tenant_retention
  SET events_days = $3, ended_sessions_days = $4, replays_days = $5, alerts_days = $6, messages_days = $7,
      update_time = $8, version = version + 1
  WHERE tenant_id = $1 AND version = $2
  RETURNING 1)
SELECT gatehouse.require((SELECT count(*) FROM made) + (SELECT count(*) FROM updated) = 1, 'ETAG_MISMATCH')

-- For example: tenant(), 1, 365, 30, 30, 30, 0, present()
