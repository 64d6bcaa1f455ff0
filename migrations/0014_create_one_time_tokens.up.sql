-- Tokens by which users reset their passwords and prove their addresses. Kept by a hash; used up by being deleted.
CREATE TABLE gatehouse.one_time_token (
  tenant_id            uuid NOT NULL,
  user_id              uuid NOT NULL,
  -- storage::OneTimePurpose: 1 a reset of the password, 2 a proof of the address.
  purpose              smallint NOT NULL CHECK (purpose IN (1, 2)),
  token_hash           bytea NOT NULL,
  -- What is proven, of purpose 2.
  email                text,
  email_key            text COLLATE "C",
  create_time          timestamptz NOT NULL,
  expire_time          timestamptz NOT NULL,
  -- What the user was when it was made.
  role                 text NOT NULL,
  password_change_time timestamptz,
  former_email_key     text COLLATE "C",
  CONSTRAINT one_time_token_pkey PRIMARY KEY (tenant_id, user_id, purpose)
);

CREATE INDEX one_time_token_expire_time ON gatehouse.one_time_token (tenant_id, expire_time);
