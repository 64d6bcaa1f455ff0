-- Webhook endpoints and how far each has got in the log. There is no queue: an
-- endpoint is a position, and only an event whose attempt failed has a row.

CREATE TABLE gatehouse.endpoint (
  tenant_id       uuid NOT NULL,
  endpoint_id     uuid NOT NULL,
  url             text NOT NULL,
  -- "session.created", "session.*" or "*".
  event_types     text[] NOT NULL,
  description     text NOT NULL,
  -- JSON object of names and values, sealed under the master key: values are
  -- often credentials.
  headers         bytea NOT NULL,
  -- The live signing keys, current first, each sealed under the master key.
  secrets         bytea[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 3),
  timeout_ms      integer NOT NULL,
  max_in_flight   integer NOT NULL,
  -- gatehouse.v1.EndpointState: 1 ENABLED, 2 PAUSED, 3 DISABLED.
  state           smallint NOT NULL CHECK (state IN (1, 2, 3)),
  disabled_reason text NOT NULL,
  metadata        jsonb NOT NULL,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  -- The etag.
  version         bigint NOT NULL,
  CONSTRAINT endpoint_pkey PRIMARY KEY (tenant_id, endpoint_id)
);

-- The cursor of each endpoint, apart from its settings because it changes many
-- times a second under load and in place (HOT).
CREATE TABLE gatehouse.endpoint_delivery (
  tenant_id            uuid NOT NULL,
  endpoint_id          uuid NOT NULL,
  -- Everything up to this index of the tenant's log is settled: delivered, an
  -- exception, or of a type that the endpoint does not want.
  position             bigint NOT NULL,
  -- The event of the endpoint's creation until fan-out has passed it: only what
  -- comes after it is the endpoint's.
  created_event_id     uuid,
  -- There may be matching events after `position`.
  behind               boolean NOT NULL,
  -- Who delivers, until when, and under which fence: raised with each lease,
  -- named by each write, so that a former owner writes nothing.
  owner                uuid,
  lease_until          timestamptz,
  fence                bigint NOT NULL,
  -- Not later than the earliest due time of a RETRYING exception.
  next_due             timestamptz,
  retrying_count       bigint NOT NULL,
  consecutive_failures integer NOT NULL,
  breaker_open         boolean NOT NULL,
  last_success_time    timestamptz,
  last_failure_time    timestamptz,
  -- The first failure since the last success.
  failing_since        timestamptz,
  -- Events exhausted since the last success.
  exhausted_count      integer NOT NULL,
  CONSTRAINT endpoint_delivery_pkey PRIMARY KEY (tenant_id, endpoint_id),
  CONSTRAINT endpoint_delivery_endpoint FOREIGN KEY (tenant_id, endpoint_id)
    REFERENCES gatehouse.endpoint (tenant_id, endpoint_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Where the search for work looks; a settled endpoint is not in it.
CREATE INDEX endpoint_delivery_work ON gatehouse.endpoint_delivery (tenant_id, endpoint_id)
  WHERE behind OR next_due IS NOT NULL;

-- An event that failed at least once and is not delivered yet. Settled ones are
-- deleted; exhausted ones stay to be seen.
CREATE TABLE gatehouse.webhook_exception (
  tenant_id   uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_index bigint NOT NULL,
  event_id    uuid NOT NULL,
  event_type  text NOT NULL,
  -- Made so far.
  attempts    integer NOT NULL,
  -- When the next one is due.
  due         timestamptz NOT NULL,
  -- gatehouse.v1.DeliveryState: 2 RETRYING, 3 EXHAUSTED.
  state       smallint NOT NULL CHECK (state IN (2, 3)),
  CONSTRAINT webhook_exception_pkey PRIMARY KEY (tenant_id, endpoint_id, event_index),
  -- Not to `endpoint`: whoever deletes one locks the cursor first, as the
  -- deliverer does, so that the two cannot wait for each other.
  CONSTRAINT webhook_exception_endpoint FOREIGN KEY (tenant_id, endpoint_id)
    REFERENCES gatehouse.endpoint_delivery (tenant_id, endpoint_id) ON DELETE CASCADE
);

CREATE INDEX webhook_exception_due ON gatehouse.webhook_exception (tenant_id, endpoint_id, due)
  WHERE state = 2;
-- A list of the few that are retrying must not walk over all that are exhausted.
CREATE INDEX webhook_exception_state
  ON gatehouse.webhook_exception (tenant_id, endpoint_id, state, event_index);

-- Every attempt, appended and never changed.
CREATE TABLE gatehouse.webhook_attempt (
  tenant_id     uuid NOT NULL,
  endpoint_id   uuid NOT NULL,
  event_index   bigint NOT NULL,
  -- Version 7, so a day is a range and attempts of an event sort by time.
  attempt_id    uuid NOT NULL,
  event_id      uuid NOT NULL,
  event_type    text NOT NULL,
  start_time    timestamptz NOT NULL,
  latency_us    bigint NOT NULL,
  -- 0 if there was no answer.
  status_code   integer NOT NULL,
  -- Empty on success.
  error_class   text NOT NULL,
  response_head text NOT NULL,
  CONSTRAINT webhook_attempt_pkey
    PRIMARY KEY (tenant_id, endpoint_id, event_index, attempt_id)
) PARTITION BY RANGE (attempt_id);

-- Takes what no daily partition covers, so that a late maintenance run never
-- refuses a write.
CREATE TABLE gatehouse.webhook_attempt_default PARTITION OF gatehouse.webhook_attempt DEFAULT;

-- How far each tenant's log has been matched against its endpoints.
CREATE TABLE gatehouse.webhook_fanout (
  tenant_id uuid NOT NULL,
  position  bigint NOT NULL,
  CONSTRAINT webhook_fanout_pkey PRIMARY KEY (tenant_id)
) WITH (fillfactor = 50);
