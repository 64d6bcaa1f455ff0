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
  -- RFC 6962 leaf hash of the canonical form (docs/event-leaf.md).
  leaf_hash     bytea NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (tenant_id, event_id)
) PARTITION BY RANGE (event_id);  -- Version 7 ids begin with the time: a day is a range.

-- Always appended at its right edge. Leads with no tenant, since transaction
-- ids belong to the cluster and the sequencer reads all tenants at once.
CREATE INDEX event_xid ON gatehouse.event (xid);

-- Takes what no daily partition covers, so that a late maintenance run never
-- refuses a write.
CREATE TABLE gatehouse.event_default PARTITION OF gatehouse.event DEFAULT;

-- Creates the partition of `parent` for the ids of `day` (UTC) in its column `key`,
-- version 7, and moves into it what the default partition took meanwhile. False if
-- it exists. Attaching instead of creating in place spares the parent an ACCESS
-- EXCLUSIVE lock, so writers to other days go on.
CREATE FUNCTION gatehouse.create_daily_partition(parent text, key text, day date) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  name text := parent || '_' || to_char(day, 'YYYYMMDD');
  fallback text := parent || '_default';
  millis bigint := (day - date '1970-01-01')::bigint * 86400000;
  low uuid := (lpad(to_hex(millis), 12, '0') || '70008000000000000000')::uuid;
  high uuid := (lpad(to_hex(millis + 86400000), 12, '0') || '70008000000000000000')::uuid;
BEGIN
  -- One instance at a time.
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  IF to_regclass('gatehouse.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE gatehouse.%I (LIKE gatehouse.%I INCLUDING ALL)', name, parent);
  -- Before the move: nothing may slip into the default partition after it.
  EXECUTE format('LOCK TABLE gatehouse.%I IN ACCESS EXCLUSIVE MODE', fallback);
  EXECUTE format(
    'WITH moved AS (DELETE FROM gatehouse.%1$I WHERE %2$I >= $1 AND %2$I < $2 RETURNING *)
     INSERT INTO gatehouse.%3$I SELECT * FROM moved', fallback, key, name) USING low, high;
  EXECUTE format('ALTER TABLE gatehouse.%I ATTACH PARTITION gatehouse.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, name, low, high);
  RETURN true;
END
$$;

-- The order: index 1, 2, 3 ... of each tenant. Carries what lists filter by, so
-- that finding a page never reads payloads.
CREATE TABLE gatehouse.event_order (
  tenant_id     uuid NOT NULL,
  index         bigint NOT NULL,
  event_id      uuid NOT NULL,
  type          text NOT NULL,
  -- Erased together with the event's own.
  actor_id      text NOT NULL,
  outcome       smallint NOT NULL,
  occurred_time timestamptz NOT NULL,
  recorded_time timestamptz NOT NULL,
  leaf_hash     bytea NOT NULL,
  CONSTRAINT event_order_pkey PRIMARY KEY (tenant_id, index)
);

CREATE UNIQUE INDEX event_order_event ON gatehouse.event_order (tenant_id, event_id);
CREATE INDEX event_order_type ON gatehouse.event_order (tenant_id, type, index);
CREATE INDEX event_order_actor ON gatehouse.event_order (tenant_id, actor_id, index)
  WHERE actor_id <> '';

-- The events about one thing, by index. Erased together with the event's own.
CREATE TABLE gatehouse.event_target (
  tenant_id uuid NOT NULL,
  target_id text NOT NULL,
  index     bigint NOT NULL,
  CONSTRAINT event_target_pkey PRIMARY KEY (tenant_id, target_id, index)
);

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
  epoch     bigint NOT NULL,
  -- Set when the database turned out to be restored from another cluster, where
  -- xids began afresh. Stays until an operator resets the sequencer.
  halted    boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

INSERT INTO gatehouse.sequencer (snapshot, epoch) VALUES (pg_current_snapshot(), 0);
