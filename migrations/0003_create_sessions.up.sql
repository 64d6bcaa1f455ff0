-- Sessions and the keys that sign their tokens.

CREATE TABLE gatehouse.session (
  tenant_id        uuid NOT NULL,
  session_id       uuid NOT NULL,
  user_id          uuid NOT NULL,
  -- The refresh token that is good now is a function of (session, generation).
  generation       bigint NOT NULL,
  -- When the generation was last raised: a retry with the one before is good
  -- for a grace period from then.
  rotate_time      timestamptz NOT NULL,
  label            text NOT NULL,
  thread_id        text NOT NULL,
  context          jsonb NOT NULL,
  ip_address       text NOT NULL,
  user_agent       text NOT NULL,
  -- RFC 8176 values.
  amr              text[] NOT NULL,
  auth_time        timestamptz NOT NULL,
  create_time      timestamptz NOT NULL,
  update_time      timestamptz NOT NULL,
  last_used_time   timestamptz NOT NULL,
  idle_expire_time timestamptz NOT NULL,
  expire_time      timestamptz NOT NULL,
  revoke_time      timestamptz,
  revoke_reason    text,
  -- The etag.
  version          bigint NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (tenant_id, session_id)
) WITH (fillfactor = 85);  -- Refreshes update rows in place (HOT).

CREATE INDEX session_by_user ON gatehouse.session (tenant_id, user_id, session_id);
CREATE INDEX session_thread ON gatehouse.session (tenant_id, thread_id, session_id)
  WHERE thread_id <> '';

CREATE TABLE gatehouse.signing_key (
  tenant_id   uuid NOT NULL,
  -- The `kid` of tokens and of the JWKS.
  key_id      text NOT NULL,
  -- JOSE name, RFC 7518 / RFC 8037.
  algorithm   text NOT NULL,
  -- SubjectPublicKeyInfo, DER.
  public_key  bytea NOT NULL,
  -- PKCS #8, DER, sealed under the master key.
  private_key bytea NOT NULL,
  create_time timestamptz NOT NULL,
  -- Published before it signs, kept after until the last token has died.
  active_from timestamptz NOT NULL,
  retired_at  timestamptz,
  CONSTRAINT signing_key_pkey PRIMARY KEY (tenant_id, key_id)
);
