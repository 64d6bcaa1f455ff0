-- How an endpoint is sent to: how fast, by which schedule of retries, and how its connections are made. And the order of
-- events that have a key: one that waits for an earlier one of its key is an exception without a due time.

ALTER TABLE gatehouse.endpoint
  -- Requests a second; 0: no limit. And how many of them may go at once.
  ADD COLUMN max_per_second     double precision NOT NULL DEFAULT 0,
  ADD COLUMN max_burst          integer NOT NULL DEFAULT 0,
  -- After each failed attempt but the last; NULL: the server's own schedule.
  ADD COLUMN retry_delays_ms    bigint[],
  ADD COLUMN http2              boolean NOT NULL DEFAULT false,
  -- PEM; empty: none.
  ADD COLUMN ca_certificates    text NOT NULL DEFAULT '',
  ADD COLUMN client_certificate text NOT NULL DEFAULT '',
  -- Sealed under the master key.
  ADD COLUMN client_key         bytea;

ALTER TABLE gatehouse.endpoint_delivery
  -- Its rate held it back until then, as its deliverer last wrote.
  ADD COLUMN paced_until timestamptz;

ALTER TABLE gatehouse.webhook_exception
  -- Of its event; empty: none. One that waits for an earlier one of its key is due at infinity.
  ADD COLUMN ordering_key text COLLATE "C" NOT NULL DEFAULT '';

-- The first of a key, and which keys there are.
CREATE INDEX webhook_exception_order
  ON gatehouse.webhook_exception (tenant_id, endpoint_id, ordering_key, event_index)
  WHERE state = 2 AND ordering_key <> '';
