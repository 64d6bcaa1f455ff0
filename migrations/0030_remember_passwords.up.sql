-- The passwords that users had before the one they have, as far as auth.password_history asks for them. A row is written in the
-- transaction of the change (storage/user/queries/remember_password.sql).
CREATE TABLE gatehouse.former_password (
  tenant_id     uuid NOT NULL,
  user_id       uuid NOT NULL,
  -- When another one took its place.
  replace_time  timestamptz NOT NULL,
  -- Two may be replaced at one time.
  former_id     uuid NOT NULL,
  -- As in user_account.
  password_hash text NOT NULL,
  CONSTRAINT former_password_pkey PRIMARY KEY (tenant_id, user_id, replace_time, former_id)
);
