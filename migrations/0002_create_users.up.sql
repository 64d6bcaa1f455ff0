-- Accounts, the roles of their tenants, and the API keys of services.

CREATE TABLE gatehouse.user_account (
  tenant_id            uuid NOT NULL,
  user_id              uuid NOT NULL,
  username             text NOT NULL,
  -- NFC and case-folded by the server: what uniqueness is judged by. Compared
  -- byte by byte, so that one index serves equality, prefixes and order,
  -- whatever the collation of the database.
  username_key         text COLLATE "C" NOT NULL,
  email                text,
  email_key            text COLLATE "C",
  first_name           text NOT NULL,
  last_name            text NOT NULL,
  bio                  text NOT NULL,
  avatar_url           text NOT NULL,
  timezone             text NOT NULL,
  locale               text NOT NULL,
  metadata             jsonb NOT NULL,
  role                 text NOT NULL,
  -- gatehouse.v1.UserState: 1 ACTIVE, 2 DISABLED. Deleted: delete_time is set.
  state                smallint NOT NULL CHECK (state IN (1, 2)),
  -- PHC string; null: no login by password.
  password_hash        text,
  password_change_time timestamptz,
  -- Raised when every token of the user must die; the `uep` claim.
  epoch                bigint NOT NULL,
  email_verified_time  timestamptz,
  last_login_time      timestamptz,
  create_time          timestamptz NOT NULL,
  update_time          timestamptz NOT NULL,
  delete_time          timestamptz,
  purge_time           timestamptz,
  -- Raised with every change a caller can see; the etag.
  version              bigint NOT NULL,
  CONSTRAINT user_account_pkey PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 85);  -- Logins update rows in place (HOT).

CREATE UNIQUE INDEX user_account_username
  ON gatehouse.user_account (tenant_id, username_key)
  WHERE delete_time IS NULL;
CREATE UNIQUE INDEX user_account_email
  ON gatehouse.user_account (tenant_id, email_key)
  WHERE delete_time IS NULL AND email_key IS NOT NULL;
CREATE INDEX user_account_create_time
  ON gatehouse.user_account (tenant_id, create_time, user_id);
-- Lists by these are short parts of a long table.
CREATE INDEX user_account_role
  ON gatehouse.user_account (tenant_id, role, create_time, user_id);
CREATE INDEX user_account_state
  ON gatehouse.user_account (tenant_id, state, create_time, user_id);

-- Roles besides the built-in ones, which the server knows without asking.
CREATE TABLE gatehouse.role (
  tenant_id   uuid NOT NULL,
  name        text NOT NULL CHECK (name NOT IN ('admin', 'analyst', 'viewer')),
  permissions text[] NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  version     bigint NOT NULL,
  CONSTRAINT role_pkey PRIMARY KEY (tenant_id, name)
);

CREATE TABLE gatehouse.api_key (
  tenant_id      uuid NOT NULL,
  api_key_id     uuid NOT NULL,
  display_name   text NOT NULL,
  key_prefix     text NOT NULL,
  -- SHA-256 of the whole key: it has 256 random bits, so no slow hash is needed.
  key_hash       bytea NOT NULL,
  permissions    text[] NOT NULL,
  create_time    timestamptz NOT NULL,
  expire_time    timestamptz,
  revoke_time    timestamptz,
  last_used_time timestamptz,
  CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, api_key_id)
) WITH (fillfactor = 85);  -- last_used_time is updated in place (HOT).

CREATE UNIQUE INDEX api_key_hash ON gatehouse.api_key (tenant_id, key_hash);
