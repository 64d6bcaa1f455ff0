-- Tenants get methods of their own: what they are called, how they are reached, whether they take calls.

ALTER TABLE gatehouse.tenant
  -- Compared byte by byte, whatever the collation of the database.
  ALTER COLUMN name TYPE text COLLATE "C",
  ADD COLUMN display_name text NOT NULL DEFAULT '',
  -- gatehouse.v1.TenantState: 1 ACTIVE, 2 FROZEN, 3 MOVED.
  ADD COLUMN state smallint NOT NULL DEFAULT 1 CHECK (state IN (1, 2, 3)),
  -- Where to, of a tenant that is MOVED; else empty.
  ADD COLUMN moved_to text NOT NULL DEFAULT '',
  ADD COLUMN labels jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN update_time timestamptz NOT NULL DEFAULT now(),
  -- Raised with every change; the etag.
  ADD COLUMN version bigint NOT NULL DEFAULT 1;

UPDATE gatehouse.tenant SET update_time = create_time;

-- The directory is what spans tenants: it says which one a call without credentials means.
CREATE UNIQUE INDEX tenant_name ON gatehouse.tenant (name);

-- The hosts by which clients reach a tenant: lower-case, without a port.
CREATE TABLE gatehouse.tenant_host (
  host_name text COLLATE "C" NOT NULL,
  tenant_id uuid NOT NULL,
  CONSTRAINT tenant_host_pkey PRIMARY KEY (host_name)
);

CREATE INDEX tenant_host_tenant ON gatehouse.tenant_host (tenant_id);
