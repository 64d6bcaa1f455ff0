-- $1 owner, $2 milliseconds. The rest hangs on `live`: an endpoint whose fence
-- has moved on gets nothing. `slot` is the place in the first arrays.
WITH given AS MATERIALIZED (
  SELECT *
  FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::integer[],
              $9::boolean[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
              $13::integer[], $34::integer[], $35::bytea[], $36::timestamptz[]) WITH ORDINALITY
    AS p (tenant_id, endpoint_id, fence, position, next_due, consecutive_failures, breaker_open,
          last_success_time, last_failure_time, failing_since, exhausted_count, alerted, recent, paced_until, slot)
), live AS MATERIALIZED (
  SELECT p.slot, d.tenant_id, d.endpoint_id
  FROM given p
  JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
  WHERE d.fence = p.fence AND d.owner = $1
  FOR NO KEY UPDATE OF d
), attempted AS (
  INSERT INTO gatehouse.webhook_attempt
    (tenant_id, endpoint_id, event_index, attempt_id, event_id, event_type, start_time,
     latency_us, status_code, error_class, response_head)
  SELECT l.tenant_id, l.endpoint_id, a.event_index, a.attempt_id, a.event_id, a.event_type,
         a.start_time, a.latency_us, a.status_code, a.error_class, a.response_head
  FROM unnest($14::bigint[], $15::bigint[], $16::uuid[], $17::uuid[], $18::text[],
              $19::timestamptz[], $20::bigint[], $21::integer[], $22::text[], $23::text[])
    AS a (slot, event_index, attempt_id, event_id, event_type, start_time, latency_us,
          status_code, error_class, response_head)
  JOIN live l USING (slot)
  ON CONFLICT DO NOTHING
), failed AS (
  -- One that has other attempts by now began anew (redeliver.sql), or this flush was written before.
  INSERT INTO gatehouse.webhook_exception AS x
    (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state, ordering_key)
  SELECT l.tenant_id, l.endpoint_id, f.event_index, f.event_id, f.event_type, f.attempts, f.due,
         f.state, f.ordering_key
  FROM unnest($24::bigint[], $25::bigint[], $26::uuid[], $27::text[], $28::integer[],
              $29::timestamptz[], $30::integer[], $37::text[])
    AS f (slot, event_index, event_id, event_type, attempts, due, state, ordering_key)
  JOIN live l USING (slot)
  ON CONFLICT (tenant_id, endpoint_id, event_index)
    DO UPDATE SET attempts = excluded.attempts, due = excluded.due, state = excluded.state
    WHERE x.state = 2 AND x.attempts = excluded.attempts - 1
  -- A new row has no xmax; one that was there was RETRYING.
  RETURNING x.tenant_id, x.endpoint_id,
            CASE WHEN x.xmax = 0 THEN (x.state = 2)::integer ELSE (x.state = 2)::integer - 1 END AS more
), settled AS (
  DELETE FROM gatehouse.webhook_exception x
  USING unnest($31::bigint[], $32::bigint[], $33::integer[]) AS s (slot, event_index, attempts), live l
  WHERE l.slot = s.slot AND x.tenant_id = l.tenant_id AND x.endpoint_id = l.endpoint_id
    AND x.event_index = s.event_index AND x.state = 2 AND x.attempts = s.attempts
  RETURNING x.tenant_id, x.endpoint_id, -1 AS more
), counted AS (
  SELECT tenant_id, endpoint_id, sum(more) AS more
  FROM (SELECT * FROM failed UNION ALL SELECT * FROM settled) AS changes
  GROUP BY tenant_id, endpoint_id
)
UPDATE gatehouse.endpoint_delivery d
SET position = greatest(d.position, p.position),
    -- By what became of the rows, since others add to them: nobody's memory holds them all.
    retrying_count = d.retrying_count + coalesce(c.more, 0),
    next_due = least(d.next_due, p.next_due),
    consecutive_failures = p.consecutive_failures,
    breaker_open = p.breaker_open,
    last_success_time = coalesce(p.last_success_time, d.last_success_time),
    last_failure_time = coalesce(p.last_failure_time, d.last_failure_time),
    failing_since = p.failing_since,
    exhausted_count = p.exhausted_count,
    alerted = p.alerted,
    recent = p.recent,
    paced_until = p.paced_until,
    lease_until = now() + $2::bigint * interval '1 millisecond'
FROM live l
JOIN given p USING (slot)
LEFT JOIN counted c ON c.tenant_id = l.tenant_id AND c.endpoint_id = l.endpoint_id
WHERE d.tenant_id = l.tenant_id AND d.endpoint_id = l.endpoint_id
RETURNING d.tenant_id, d.endpoint_id

-- For example: endpoint_id(0), 1000, ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY[rows()],
--   ARRAY[present()], ARRAY[0], ARRAY[false], ARRAY[present()], ARRAY[present()], ARRAY[present()], ARRAY[0], ARRAY[1],
--   ARRAY[rows() + 1], ARRAY[new_id()], ARRAY[new_id()], ARRAY['type'], ARRAY[present()], ARRAY[1], ARRAY[500],
--   ARRAY['status'], ARRAY[''], ARRAY[1], ARRAY[rows() + 1], ARRAY[new_id()], ARRAY['type'], ARRAY[1],
--   ARRAY[present()], ARRAY[2], ARRAY[1], ARRAY[$row], ARRAY[1], ARRAY[0], ARRAY[hash(1)],
--   ARRAY[NULL::timestamptz], ARRAY['user-1']
