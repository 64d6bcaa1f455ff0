-- The event log: written once by each change, in its transaction; ordered by
-- the sequencer.

CREATE TABLE gatehouse.event (
  tenant_id     uuid NOT NULL,
  event_id      uuid NOT NULL,
  -- The writer's transaction: how the sequencer finds what committed late.
  xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
  type          text NOT NULL,
  -- gatehouse.v1.Outcome: 1 SUCCESS, 2 FAILURE, 3 DENIED.
  outcome       smallint NOT NULL,
  actor_type    text NOT NULL,
  actor_id      text NOT NULL,
  actor_label   text NOT NULL,
  -- [{"type": ..., "id": ..., "label": ...}, ...]
  targets       jsonb NOT NULL,
  ip_address    text NOT NULL,
  user_agent    text NOT NULL,
  request_id    text NOT NULL,
  trace_id      text NOT NULL,
  session_id    text NOT NULL,
  details       jsonb NOT NULL,
  occurred_time timestamptz NOT NULL,
  recorded_time timestamptz NOT NULL,
  -- Keys the commitments to personal fields in the leaf; destroyed by erasure.
  leaf_secret   bytea NOT NULL,
  -- RFC 6962 leaf hash of the canonical form.
  leaf_hash     bytea NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (tenant_id, event_id)
) PARTITION BY RANGE (event_id);  -- Version 7 ids begin with the time: a day is a range.

CREATE INDEX event_xid ON gatehouse.event (xid);

-- Takes what no daily partition covers, so that a late maintenance run never
-- refuses a write.
CREATE TABLE gatehouse.event_default PARTITION OF gatehouse.event DEFAULT;

-- The order: index 1, 2, 3 ... of each tenant.
CREATE TABLE gatehouse.event_order (
  tenant_id     uuid NOT NULL,
  index         bigint NOT NULL,
  event_id      uuid NOT NULL,
  type          text NOT NULL,
  leaf_hash     bytea NOT NULL,
  recorded_time timestamptz NOT NULL,
  CONSTRAINT event_order_pkey PRIMARY KEY (tenant_id, index)
);

CREATE UNIQUE INDEX event_order_event ON gatehouse.event_order (tenant_id, event_id);

-- The number of ordered events of a tenant.
CREATE TABLE gatehouse.event_log_head (
  tenant_id uuid PRIMARY KEY,
  size      bigint NOT NULL
) WITH (fillfactor = 50);

-- What the sequencer has seen: everything visible in `snapshot` is ordered.
-- One row. xids belong to the cluster, so this cannot be kept per tenant.
CREATE TABLE gatehouse.sequencer (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  snapshot  pg_snapshot NOT NULL,
  -- Raised with every pass; a second sequencer's pass does not find its own.
  epoch     bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO gatehouse.sequencer (snapshot, epoch) VALUES (pg_current_snapshot(), 0);
