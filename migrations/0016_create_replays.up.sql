-- Replays of events to webhook endpoints: jobs that servers work off, a stretch of the log at a time. What a replay has sent
-- again are exceptions like any other; here is how far it has got.

CREATE TABLE gatehouse.webhook_replay (
  tenant_id       uuid NOT NULL,
  replay_id       uuid NOT NULL,
  -- It may be gone: the replay fails then.
  endpoint_id     uuid NOT NULL,
  -- Of the log, both inclusive; with nothing to look at the last comes before the first.
  first_index     bigint NOT NULL,
  last_index      bigint NOT NULL,
  -- Of what the endpoint wants, only these types. Empty: all of it.
  event_types     text[] NOT NULL,
  -- gatehouse.v1.DeliveryOutcome.
  outcomes        integer[] NOT NULL,
  max_per_second  integer NOT NULL,
  -- gatehouse.v1.ReplayState: 1 PENDING, 2 RUNNING, 3 SUCCEEDED, 4 CANCELLED, 5 FAILED.
  state           smallint NOT NULL CHECK (state IN (1, 2, 3, 4, 5)),
  -- Empty unless FAILED.
  failure         text NOT NULL,
  -- gatehouse.v1.ReplayHold, or 0: what it waits for.
  hold            smallint NOT NULL,
  -- Everything up to this index is done. It moves in the transaction that schedules what lies before it.
  position        bigint NOT NULL,
  -- What was scheduled so far is paid for by this time, at max_per_second.
  paced_until     timestamptz NOT NULL,
  matched_count   bigint NOT NULL,
  scheduled_count bigint NOT NULL,
  create_time     timestamptz NOT NULL,
  start_time      timestamptz,
  end_time        timestamptz,
  -- Raised by every write, which names the one it read: of two servers at work on one replay one goes on.
  version         bigint NOT NULL,
  CONSTRAINT webhook_replay_pkey PRIMARY KEY (tenant_id, replay_id),
  CONSTRAINT webhook_replay_end CHECK ((end_time IS NOT NULL) = (state IN (3, 4, 5)))
) WITH (fillfactor = 50);

-- Lists of those of one endpoint.
CREATE INDEX webhook_replay_endpoint ON gatehouse.webhook_replay (tenant_id, endpoint_id, replay_id);
-- Where servers look for work; what has ended is not in it.
CREATE INDEX webhook_replay_live ON gatehouse.webhook_replay (tenant_id, replay_id) WHERE state IN (1, 2);
-- And for what has been over for long enough.
CREATE INDEX webhook_replay_ended ON gatehouse.webhook_replay (tenant_id, end_time) WHERE end_time IS NOT NULL;
