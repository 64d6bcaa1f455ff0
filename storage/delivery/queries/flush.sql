-- $1 owner, $2 milliseconds. The rest hangs on `live`: an endpoint whose fence
-- has moved on gets nothing. `slot` is the place in the first arrays.
WITH live AS (
  UPDATE gatehouse.endpoint_delivery d
  SET position = greatest(d.position, p.position),
      retrying_count = p.retrying_count,
      next_due = least(d.next_due, p.next_due),
      consecutive_failures = p.consecutive_failures,
      breaker_open = p.breaker_open,
      last_success_time = coalesce(p.last_success_time, d.last_success_time),
      last_failure_time = coalesce(p.last_failure_time, d.last_failure_time),
      failing_since = p.failing_since,
      exhausted_count = p.exhausted_count,
      lease_until = now() + $2::bigint * interval '1 millisecond'
  FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::timestamptz[], $9::integer[], $10::boolean[], $11::timestamptz[],
              $12::timestamptz[], $13::timestamptz[], $14::integer[]) WITH ORDINALITY
    AS p (tenant_id, endpoint_id, fence, position, retrying_count, next_due, consecutive_failures,
          breaker_open, last_success_time, last_failure_time, failing_since, exhausted_count, slot)
  WHERE d.tenant_id = p.tenant_id AND d.endpoint_id = p.endpoint_id
    AND d.fence = p.fence AND d.owner = $1
  RETURNING p.slot, d.tenant_id, d.endpoint_id
), attempted AS (
  INSERT INTO gatehouse.webhook_attempt
    (tenant_id, endpoint_id, event_index, attempt_id, event_id, event_type, start_time,
     latency_us, status_code, error_class, response_head)
  SELECT l.tenant_id, l.endpoint_id, a.event_index, a.attempt_id, a.event_id, a.event_type,
         a.start_time, a.latency_us, a.status_code, a.error_class, a.response_head
  FROM unnest($15::bigint[], $16::bigint[], $17::uuid[], $18::uuid[], $19::text[],
              $20::timestamptz[], $21::bigint[], $22::integer[], $23::text[], $24::text[])
    AS a (slot, event_index, attempt_id, event_id, event_type, start_time, latency_us,
          status_code, error_class, response_head)
  JOIN live l USING (slot)
  ON CONFLICT DO NOTHING
), failed AS (
  INSERT INTO gatehouse.webhook_exception
    (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state)
  SELECT l.tenant_id, l.endpoint_id, x.event_index, x.event_id, x.event_type, x.attempts, x.due,
         x.state
  FROM unnest($25::bigint[], $26::bigint[], $27::uuid[], $28::text[], $29::integer[],
              $30::timestamptz[], $31::integer[])
    AS x (slot, event_index, event_id, event_type, attempts, due, state)
  JOIN live l USING (slot)
  ON CONFLICT (tenant_id, endpoint_id, event_index)
    DO UPDATE SET attempts = excluded.attempts, due = excluded.due, state = excluded.state
), settled AS (
  DELETE FROM gatehouse.webhook_exception x
  USING unnest($32::bigint[], $33::bigint[]) AS s (slot, event_index), live l
  WHERE l.slot = s.slot AND x.tenant_id = l.tenant_id AND x.endpoint_id = l.endpoint_id
    AND x.event_index = s.event_index
)
SELECT tenant_id, endpoint_id FROM live

-- For example: endpoint_id(0), 1000, ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY[rows()], ARRAY[5],
--   ARRAY[present()], ARRAY[0], ARRAY[false], ARRAY[present()], ARRAY[present()], ARRAY[present()], ARRAY[0], ARRAY[1],
--   ARRAY[rows() + 1], ARRAY[new_id()], ARRAY[new_id()], ARRAY['type'], ARRAY[present()], ARRAY[1], ARRAY[500],
--   ARRAY['status'], ARRAY[''], ARRAY[1], ARRAY[rows() + 1], ARRAY[new_id()], ARRAY['type'], ARRAY[1],
--   ARRAY[present()], ARRAY[2], ARRAY[1], ARRAY[$row]
