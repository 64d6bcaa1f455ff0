-- Alerts: what somebody should look at. And what a deliverer remembers of its endpoints besides.

-- One for each kind and endpoint, whose id is made of these: it is opened, resolved and opened anew, so there are never more
-- than so many. What was before is in the event log.
CREATE TABLE gatehouse.alert (
  tenant_id           uuid NOT NULL,
  alert_id            uuid NOT NULL,
  -- gatehouse.v1.AlertKind.
  kind                smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
  -- Nil: the server's own.
  endpoint_id         uuid NOT NULL,
  -- gatehouse.v1.AlertState: 1 OPEN, 2 ACKNOWLEDGED, 3 RESOLVED.
  state               smallint NOT NULL CHECK (state IN (1, 2, 3)),
  level               integer NOT NULL,
  -- Its opening is an event of the log. False where it was opened anew soon after it had been resolved.
  announced           boolean NOT NULL,
  first_occurred_time timestamptz NOT NULL,
  last_occurred_time  timestamptz NOT NULL,
  occurrence_count    bigint NOT NULL,
  details             jsonb NOT NULL,
  acknowledged_time   timestamptz,
  acknowledged_type   text NOT NULL,
  acknowledged_id     text NOT NULL,
  -- When it was last resolved; stays when it is opened anew.
  resolved_time       timestamptz,
  resolved_type       text NOT NULL,
  resolved_id         text NOT NULL,
  resolution          text NOT NULL,
  -- The last event about it that the server itself wrote.
  event_id            uuid NOT NULL,
  -- The etag.
  version             bigint NOT NULL,
  CONSTRAINT alert_pkey PRIMARY KEY (tenant_id, alert_id)
) WITH (fillfactor = 80);

CREATE INDEX alert_time ON gatehouse.alert (tenant_id, first_occurred_time, alert_id);
CREATE INDEX alert_unresolved ON gatehouse.alert (tenant_id, first_occurred_time, alert_id) WHERE state <> 3;
CREATE INDEX alert_endpoint ON gatehouse.alert (tenant_id, endpoint_id);

-- Constant defaults rewrite nothing, and a server of the version before leaves the columns as they are.
ALTER TABLE gatehouse.endpoint_delivery
  -- Bits of what its deliverer has told by an alert and not taken back: 1 << kind.
  ADD COLUMN alerted integer NOT NULL DEFAULT 0,
  -- Attempts of the last while by outcome and latency (service/delivery/queue/delivery_stats.h).
  ADD COLUMN recent bytea NOT NULL DEFAULT '';
