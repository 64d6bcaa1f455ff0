-- Authenticator apps of users, and the codes that people write down for when such an app is lost.

-- When the user got a second factor; null: a password is enough.
ALTER TABLE gatehouse.user_account ADD COLUMN second_factor_time timestamptz;

CREATE TABLE gatehouse.totp_factor (
  tenant_id    uuid NOT NULL,
  user_id      uuid NOT NULL,
  -- Sealed under the master key.
  secret       bytea NOT NULL,
  create_time  timestamptz NOT NULL,
  -- Null: it counts for nothing yet.
  confirm_time timestamptz,
  -- Of RFC 6238: codes of steps up to this one are not good any more.
  last_step    bigint NOT NULL,
  CONSTRAINT totp_factor_pkey PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 85);  -- Logins update last_step in place (HOT).

-- Deleted when it is used.
CREATE TABLE gatehouse.recovery_code (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  code_hash bytea NOT NULL,
  CONSTRAINT recovery_code_pkey PRIMARY KEY (tenant_id, user_id, code_hash)
);
