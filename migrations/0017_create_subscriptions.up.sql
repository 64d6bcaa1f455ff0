-- Consumers that pull events over a stream of their own instead of receiving webhooks: how far each has acknowledged.

CREATE TABLE gatehouse.pull_subscription (
  tenant_id   uuid NOT NULL,
  name        text COLLATE "C" NOT NULL,
  -- Everything up to this index of the tenant's log is acknowledged, or was not asked for.
  position    bigint NOT NULL,
  -- Raised with each pull and named by its acknowledgements: one that another pull took over moves nothing.
  fence       bigint NOT NULL,
  -- Of the latest pull.
  event_types text[] NOT NULL,
  create_time timestamptz NOT NULL,
  -- When somebody pulled last, give or take some seconds.
  pull_time   timestamptz NOT NULL,
  CONSTRAINT pull_subscription_pkey PRIMARY KEY (tenant_id, name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
