-- Passkeys of users (WebAuthn credentials), the challenges that were answered with one, devices that stand in for a second
-- factor, and API keys with two secrets for a time.

CREATE TABLE gatehouse.passkey (
  tenant_id        uuid NOT NULL,
  user_id          uuid NOT NULL,
  passkey_id       uuid NOT NULL,
  -- The authenticator's own name of it.
  credential_id    bytea NOT NULL,
  -- Of COSE: -7 is ES256, -8 EdDSA, -257 RS256.
  algorithm        integer NOT NULL CHECK (algorithm IN (-7, -8, -257)),
  public_key       bytea NOT NULL,
  -- 0 for authenticators that do not count.
  sign_count       bigint NOT NULL,
  aaguid           uuid NOT NULL,
  transports       text[] NOT NULL,
  backup_eligible  boolean NOT NULL,
  backed_up        boolean NOT NULL,
  display_name     text NOT NULL,
  create_time      timestamptz NOT NULL,
  last_used_time   timestamptz,
  CONSTRAINT passkey_pkey PRIMARY KEY (tenant_id, user_id, passkey_id),
  CONSTRAINT passkey_credential_key UNIQUE (tenant_id, credential_id)
) WITH (fillfactor = 85);  -- Logins update sign_count in place (HOT).

-- Those that were used, until they have expired. Whoever adds one takes some of those out.
CREATE TABLE gatehouse.passkey_challenge (
  tenant_id   uuid NOT NULL,
  nonce       bytea NOT NULL,
  expire_time timestamptz NOT NULL,
  CONSTRAINT passkey_challenge_pkey PRIMARY KEY (tenant_id, nonce)
);
CREATE INDEX passkey_challenge_expired ON gatehouse.passkey_challenge (tenant_id, expire_time);

-- Devices on which a user logs in without a second factor, for a time.
CREATE TABLE gatehouse.remembered_device (
  tenant_id          uuid NOT NULL,
  user_id            uuid NOT NULL,
  device_id          uuid NOT NULL,
  -- SHA-256 of what the device shows.
  token_hash         bytea NOT NULL,
  -- The user's as they were: with others it is good no more.
  user_epoch         bigint NOT NULL,
  second_factor_time timestamptz NOT NULL,
  label              text NOT NULL,
  ip_address         text NOT NULL,
  user_agent         text NOT NULL,
  create_time        timestamptz NOT NULL,
  last_used_time     timestamptz,
  expire_time        timestamptz NOT NULL,
  CONSTRAINT remembered_device_pkey PRIMARY KEY (tenant_id, user_id, device_id)
);

-- The key before a rotation, and until when it is good.
ALTER TABLE gatehouse.api_key
  ADD COLUMN former_key_hash bytea,
  ADD COLUMN former_expire_time timestamptz,
  ADD COLUMN rotate_time timestamptz,
  -- Ends with the one that made it.
  ADD COLUMN ends_with_creator boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX api_key_former_hash ON gatehouse.api_key (tenant_id, former_key_hash) WHERE former_key_hash IS NOT NULL;
