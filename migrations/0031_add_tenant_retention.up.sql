-- How long what is a tenant's own is kept, where that is not for as long as the settings say.
CREATE TABLE gatehouse.tenant_retention (
  tenant_id           uuid NOT NULL,
  -- Days; 0: for ever; NULL: as the settings say. Of events never less than a week, as nowhere.
  events_days         integer CHECK (events_days = 0 OR events_days BETWEEN 7 AND 36500),
  ended_sessions_days integer CHECK (ended_sessions_days BETWEEN 0 AND 36500),
  replays_days        integer CHECK (replays_days = 0 OR replays_days BETWEEN 30 AND 36500),
  alerts_days         integer CHECK (alerts_days BETWEEN 0 AND 36500),
  messages_days       integer CHECK (messages_days BETWEEN 0 AND 36500),
  update_time         timestamptz NOT NULL,
  version             bigint NOT NULL,
  CONSTRAINT tenant_retention_pkey PRIMARY KEY (tenant_id)
);
