-- What every other table stands on: guards, tenants, idempotency.

CREATE SCHEMA IF NOT EXISTS gatehouse;

-- Aborts the transaction with the error reason `reason` (SQLSTATE GH001) unless
-- `ok`. A pipelined batch needs no reply in between: a statement whose guard
-- fails takes the whole batch with it.
CREATE FUNCTION gatehouse.require(ok boolean, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF ok IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'GH001', MESSAGE = reason;
  END IF;
END
$$;

CREATE TABLE gatehouse.tenant (
  tenant_id   uuid PRIMARY KEY,
  name        text NOT NULL,
  create_time timestamptz NOT NULL
);

-- Serves until tenants get methods of their own (base::kDefaultTenantId).
INSERT INTO gatehouse.tenant (tenant_id, name, create_time)
VALUES ('00000000-0000-7000-8000-000000000001', 'default', now());

-- One row per mutation that came with a request_id: its first answer. Kept for
-- 24 hours. A second insert of the same key violates the primary key, which
-- undoes the repeated change and tells the server to answer from here.
CREATE TABLE gatehouse.request (
  tenant_id    uuid NOT NULL,
  principal_id uuid NOT NULL,
  request_id   uuid NOT NULL,
  method       text NOT NULL,
  -- SHA-256 of the request, to tell a retry from a reuse of the id.
  request_hash bytea NOT NULL,
  response     bytea NOT NULL,
  create_time  timestamptz NOT NULL,
  CONSTRAINT request_pkey PRIMARY KEY (tenant_id, principal_id, request_id)
);

CREATE INDEX request_create_time ON gatehouse.request (tenant_id, create_time);
