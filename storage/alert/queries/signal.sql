-- What was noticed becomes of the alerts, with the events that tell of it. Of one alert at most one signal; `over`: it is over.
-- $12 milliseconds: one that is opened anew so soon after it was resolved is not told, unless it is worse than before.
-- $13, $14: who noticed. Events are made before it is known whether they are due; each that is not stays unwritten.
-- A signal that took effect before changes nothing: its time is not later than the last.
WITH given AS MATERIALIZED (
  SELECT g.*
  FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::uuid[], $5::integer[], $6::timestamptz[], $7::bigint[],
              $8::jsonb[], $9::boolean[], $10::text[], $11::bigint[], $15::uuid[]) WITH ORDINALITY
    AS g (tenant_id, alert_id, kind, endpoint_id, level, time, occurrences, details, over, resolution, fence, event_id,
          slot)
  -- A deliverer's count while it has its lease, whose row its own transaction has locked.
  WHERE g.fence = 0 OR EXISTS (
    SELECT FROM gatehouse.endpoint_delivery d
    WHERE d.tenant_id = g.tenant_id AND d.endpoint_id = g.endpoint_id AND d.fence = g.fence)
), found AS MATERIALIZED (
  SELECT g.*, a.state, a.announced,
         CASE WHEN g.over THEN a.announced
              ELSE g.level > a.level OR ((a.state = 3 OR NOT a.announced)
                AND g.time >= a.resolved_time + $12::bigint * interval '1 millisecond') END AS tells
  FROM given g
  JOIN gatehouse.alert a USING (tenant_id, alert_id)
  WHERE CASE WHEN g.over THEN a.state <> 3 ELSE g.time > a.last_occurred_time END
  FOR NO KEY UPDATE OF a
), opened AS (
  INSERT INTO gatehouse.alert
    (tenant_id, alert_id, kind, endpoint_id, state, level, announced, first_occurred_time, last_occurred_time,
     occurrence_count, details, acknowledged_type, acknowledged_id, resolved_type, resolved_id, resolution, event_id,
     version)
  SELECT g.tenant_id, g.alert_id, g.kind, g.endpoint_id, 1, g.level, true, g.time, g.time, g.occurrences, g.details,
         '', '', '', '', '', g.event_id, 1
  FROM given g
  WHERE NOT g.over
  ON CONFLICT DO NOTHING
  RETURNING event_id
), raised AS (
  UPDATE gatehouse.alert a
  SET state = CASE WHEN f.tells OR f.state = 3 THEN 1 ELSE f.state END,
      level = CASE WHEN f.tells AND f.state = 3 THEN f.level ELSE greatest(a.level, f.level) END,
      announced = f.tells OR (f.announced AND f.state <> 3),
      first_occurred_time = CASE WHEN f.state = 3 THEN f.time ELSE a.first_occurred_time END,
      last_occurred_time = f.time,
      occurrence_count = f.occurrences + CASE WHEN f.state = 3 THEN 0 ELSE a.occurrence_count END,
      details = f.details,
      acknowledged_time = CASE WHEN f.tells OR f.state = 3 THEN NULL ELSE a.acknowledged_time END,
      acknowledged_type = CASE WHEN f.tells OR f.state = 3 THEN '' ELSE a.acknowledged_type END,
      acknowledged_id = CASE WHEN f.tells OR f.state = 3 THEN '' ELSE a.acknowledged_id END,
      event_id = CASE WHEN f.tells THEN f.event_id ELSE a.event_id END,
      version = a.version + 1
  FROM found f
  WHERE NOT f.over AND a.tenant_id = f.tenant_id AND a.alert_id = f.alert_id
  RETURNING a.event_id
), resolved AS (
  UPDATE gatehouse.alert a
  SET state = 3, resolved_time = f.time, resolved_type = $13, resolved_id = $14, resolution = f.resolution,
      event_id = CASE WHEN f.tells THEN f.event_id ELSE a.event_id END, version = a.version + 1
  FROM found f
  WHERE f.over AND a.tenant_id = f.tenant_id AND a.alert_id = f.alert_id
  RETURNING a.event_id
), noticed AS (
  -- Who is told of alerts by mail looks at each that is told of (service/mail/alert).
  INSERT INTO gatehouse.alert_notice AS n (tenant_id, destination_id, alert_id, due_time, told_state, told_level, version)
  SELECT d.tenant_id, d.destination_id, g.alert_id, g.time, 0, 0, 1
  FROM given g
  JOIN gatehouse.alert_destination d ON d.tenant_id = g.tenant_id AND g.kind = ANY (d.kinds)
  WHERE g.event_id IN (
    SELECT event_id FROM opened UNION ALL SELECT event_id FROM raised UNION ALL SELECT event_id FROM resolved)
  ON CONFLICT (tenant_id, destination_id, alert_id) DO UPDATE
  SET due_time = least(n.due_time, excluded.due_time), version = n.version + 1
), noted AS (
  -- include event_log/insert.sql, whose $1 is $16
  AS e (tenant_id, event_id)
  WHERE e.event_id IN (
    SELECT event_id FROM opened UNION ALL SELECT event_id FROM raised UNION ALL SELECT event_id FROM resolved)
  RETURNING 1
)
SELECT count(*) FROM noted

-- For example: ARRAY[tenant()], ARRAY[new_id()], ARRAY[1], ARRAY[endpoint_id(1)], ARRAY[50], ARRAY[present()], ARRAY[1],
--   ARRAY['{}'::jsonb], ARRAY[false], ARRAY[''], ARRAY[0], 1000, 'system', '', ARRAY[new_id()], $event
-- For example: ARRAY[tenant()], ARRAY[new_id()], ARRAY[1], ARRAY[endpoint_id(1)], ARRAY[50], ARRAY[present()], ARRAY[1],
--   ARRAY['{}'::jsonb], ARRAY[true], ARRAY['recovered'], ARRAY[1], 1000, 'system', '', ARRAY[new_id()], $event
