SELECT gatehouse.create_daily_partition(parent, key, sample.first_day() + day)
FROM (VALUES ('event', 'event_id'), ('webhook_attempt', 'attempt_id')) AS t (parent, key), generate_series(0, 3) AS day;

-- A hundred events are of a rare type. Twenty have one actor or are about one target; every tenth is about one and the same,
-- and ten actors make half of all.
-- Transaction ids are some that this cluster has had.
INSERT INTO gatehouse.event (tenant_id, event_id, xid, type, outcome, actor_type, actor_id, actor_label, targets, ip_address,
  user_agent, request_id, trace_id, session_id, details, occurred_time, recorded_time, leaf_secret, leaf_hash)
SELECT sample.tenant(), sample.id(i), (3 + 500 * i / sample.rows())::text::xid8, sample.event_type(i), 1 + i % 3, 'user',
       CASE WHEN i % 2 = 0 THEN 'busy-' || i % 20 ELSE 'actor-' || i / 40 END, '',
       jsonb_build_array(jsonb_build_object('type', 'user', 'id', 'target-' || i / 20)), '', '', '', '', '', '{"a": 1}',
       sample.at(i), sample.at(i), '', sample.hash(i)
FROM generate_series(1, sample.rows()) AS i;

INSERT INTO gatehouse.event_order (tenant_id, index, event_id, type, actor_id, outcome, occurred_time, recorded_time, leaf_hash)
SELECT sample.tenant(), i, sample.id(i), sample.event_type(i),
       CASE WHEN i % 2 = 0 THEN 'busy-' || i % 20 ELSE 'actor-' || i / 40 END, 1 + i % 3, sample.at(i), sample.at(i),
       sample.hash(i)
FROM generate_series(1, sample.rows()) AS i;

INSERT INTO gatehouse.event_target (tenant_id, target_id, index)
SELECT sample.tenant(), target, i
FROM generate_series(1, sample.rows()) AS i,
     LATERAL (SELECT 'target-' || i / 20 UNION ALL SELECT 'busy' WHERE i % 10 = 0) AS t (target);

INSERT INTO gatehouse.event_log_head (tenant_id, size) VALUES (sample.tenant(), sample.rows());

-- Of each endpoint every fourth event failed: exhausted, but for the last few, which are being retried. Of the 19th all are.
INSERT INTO gatehouse.webhook_fanout (tenant_id, position) VALUES (sample.tenant(), sample.rows());
INSERT INTO gatehouse.endpoint (tenant_id, endpoint_id, url, event_types, description, headers, secrets, timeout_ms,
  max_in_flight, state, disabled_reason, metadata, create_time, update_time, version)
SELECT sample.tenant(), sample.endpoint_id(i), 'https://example.com', '{*}', '', '', '{a}', 1000, 1, 1, '', '{}', sample.present(),
       sample.present(), 1
FROM generate_series(0, 24) AS i;
INSERT INTO gatehouse.endpoint_delivery (tenant_id, endpoint_id, position, behind, owner, lease_until, next_due, fence,
  retrying_count, consecutive_failures, breaker_open, exhausted_count)
SELECT sample.tenant(), sample.endpoint_id(i), sample.rows(), i % 2 = 0, sample.endpoint_id(0), sample.present(),
       CASE WHEN i % 2 = 1 THEN sample.present() END, 1, 5, 0, false, 0
FROM generate_series(0, 24) AS i;
INSERT INTO gatehouse.webhook_attempt (tenant_id, endpoint_id, event_index, attempt_id, event_id, event_type, start_time,
  latency_us, status_code, error_class, response_head)
SELECT sample.tenant(), sample.endpoint_id(i % 20), i, sample.id(i), sample.id(i), 'type.' || i % 10, sample.at(i), 1, 200,
       CASE WHEN i / 20 % 4 = 0 THEN 'timeout' ELSE '' END, ''
FROM generate_series(1, sample.rows()) AS i;
INSERT INTO gatehouse.webhook_exception (tenant_id, endpoint_id, event_index, event_id, event_type, attempts, due, state)
SELECT sample.tenant(), sample.endpoint_id(i % 20), i, sample.id(i), 'type.' || i % 10, 1, sample.present(),
       CASE WHEN i % 20 = 19 OR i > sample.rows() - 400 THEN 2 ELSE 3 END
FROM generate_series(1, sample.rows()) AS i
WHERE i / 20 % 4 = 0;

-- Every replay has ended.
INSERT INTO gatehouse.webhook_replay (tenant_id, replay_id, endpoint_id, first_index, last_index, event_types, outcomes,
  max_per_second, state, failure, hold, position, paced_until, matched_count, scheduled_count, create_time, end_time, version)
SELECT sample.tenant(), sample.id(i), sample.endpoint_id(i % 20), 1, i, '{}', '{3,4,5}', 50, 3, '', 0, i, sample.at(i), i, i,
       sample.at(i), sample.at(i), 1
FROM generate_series(1, sample.rows()) AS i;

-- More than a tenant may have.
INSERT INTO gatehouse.pull_subscription (tenant_id, name, position, fence, event_types, create_time, pull_time)
SELECT sample.tenant(), 'subscription-' || i, i, 1, '{*}', sample.at(i), sample.at(i)
FROM generate_series(1, sample.rows()) AS i;

-- Everything is in its place in the log: the next pass of the sequencer finds what comes from here on.
UPDATE gatehouse.sequencer SET snapshot = pg_current_snapshot();

-- Events that a transaction adds now.
CREATE FUNCTION sample.add_events(number bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO gatehouse.event (tenant_id, event_id, type, outcome, actor_type, actor_id, actor_label, targets, ip_address,
    user_agent, request_id, trace_id, session_id, details, occurred_time, recorded_time, leaf_secret, leaf_hash)
  SELECT sample.tenant(), overlay(sample.id(sample.rows() - i)::text PLACING 'b' FROM 20 FOR 1)::uuid, 'type.1', 1, 'user', 'actor-new', '', '[{"id": "target-new"}]', '', '', '',
         '', '', '{}', sample.present(), sample.present(), '', ''
  FROM generate_series(0, number - 1) AS i
$$;

-- What comes before a statement, in its transaction, where its example says so.

-- There is something for the sequencer to order.
CREATE FUNCTION sample.new_events() RETURNS void LANGUAGE sql AS $$
  SELECT sample.add_events(10);
  SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
$$;
-- Without it the entries of events that earlier statements rolled back lie above the cursor.
CREATE FUNCTION sample.up_to_date() RETURNS void LANGUAGE sql AS $$
  UPDATE gatehouse.sequencer SET snapshot = pg_current_snapshot();
  SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
$$;
-- The 24th endpoint has no exceptions, which would be deleted with its delivery.
CREATE FUNCTION sample.without_delivery() RETURNS void LANGUAGE sql AS $$
  DELETE FROM gatehouse.endpoint_delivery WHERE endpoint_id = sample.endpoint_id(24)
$$;
-- The first replay is under way.
CREATE FUNCTION sample.live_replay() RETURNS void LANGUAGE sql AS $$
  UPDATE gatehouse.webhook_replay SET state = 2, end_time = NULL
  WHERE tenant_id = sample.tenant() AND replay_id = sample.id(1)
$$;
