-- A statement of its own after lock.sql of deliveries: its snapshot must show what committed while that one waited. Of the events
-- with the indexes $3 those that still have one of the outcomes $4 are to be sent, due at $5; and the replay $6, if it is still
-- as it was read ($7), has got as far as $8, with $9 events that matched. Returns how many are to be sent.
WITH known AS MATERIALIZED (
  -- include known.sql.part
), kept AS MATERIALIZED (
  -- include kept.sql.part
), entries AS MATERIALIZED (
  SELECT o.index, o.event_id, o.type FROM gatehouse.event_order o WHERE o.tenant_id = $1 AND o.index = ANY ($3::bigint[])
), types AS MATERIALIZED (
  SELECT DISTINCT type FROM entries
),
-- include judged.sql.part
, chosen AS MATERIALIZED (
  SELECT j.index, j.event_id, j.type, j.state, coalesce(e.ordering_key, '') AS ordering_key
  FROM judged j
  LEFT JOIN LATERAL (
    -- As ordering_key.h reads it.
    SELECT e.targets -> 0 ->> 'id' AS ordering_key FROM gatehouse.event e
    WHERE e.tenant_id = $1 AND e.event_id = j.event_id AND NOT e.has_envelope AND jsonb_array_length(e.targets) = 1
      AND e.targets -> 0 ->> 'type' = 'ordering_key'
    OFFSET 0
  ) e ON true
  WHERE coalesce(j.state, 5) = ANY ($4::integer[])
), begun AS (
  INSERT INTO gatehouse.webhook_exception
    (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state, ordering_key)
  -- Of an ordering key the first is due, unless an earlier one is RETRYING already.
  SELECT $1, $2, c.index, c.event_id, c.type, 0,
         CASE WHEN c.ordering_key <> '' AND (
             row_number() OVER (PARTITION BY c.ordering_key ORDER BY c.index) > 1
             OR EXISTS (
               SELECT FROM gatehouse.webhook_exception x
               WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.state = 2 AND x.ordering_key <> ''
                 AND x.ordering_key = c.ordering_key COLLATE "C" AND x.event_index < c.index))
           THEN timestamptz 'infinity' ELSE $5 END,
         2, c.ordering_key
  FROM chosen c
  ON CONFLICT (tenant_id, endpoint_id, event_index)
    DO UPDATE SET attempts = excluded.attempts, due = excluded.due, state = excluded.state,
                  ordering_key = excluded.ordering_key
), told AS (
  -- As redeliver.sql does.
  UPDATE gatehouse.endpoint_delivery
  SET next_due = least(next_due - interval '1 microsecond', $5),
      retrying_count = retrying_count + (SELECT count(*) FROM chosen WHERE state IS DISTINCT FROM 2)
  WHERE tenant_id = $1 AND endpoint_id = $2 AND EXISTS (SELECT FROM chosen)
), moved AS (
  UPDATE gatehouse.webhook_replay
  SET state = 2, hold = 0, position = $8, matched_count = matched_count + $9,
      scheduled_count = scheduled_count + (SELECT count(*) FROM chosen), paced_until = $10,
      start_time = coalesce(start_time, $11), version = version + 1
  WHERE tenant_id = $1 AND replay_id = $6 AND version = $7 AND state IN (1, 2)
  RETURNING 1
)
SELECT gatehouse.require(EXISTS (SELECT FROM moved), 'CONFLICT'), (SELECT count(*) FROM chosen)

-- For example, after live_replay(): tenant(), endpoint_id(1), ARRAY[1, 21, 41], '{1,3,5}', present(), id(1), 1, 100, 10,
--   present(), present()
