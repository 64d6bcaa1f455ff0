-- What tenants say about the types of their own events, and which of the events of a type an endpoint wants.

-- Events of types that are not here may be published as well.
CREATE TABLE gatehouse.event_type (
  tenant_id   uuid NOT NULL,
  type        text COLLATE "C" NOT NULL,
  description text NOT NULL,
  -- JSON Schema of the data of published events; null: they are not looked at.
  schema      jsonb,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  version     bigint NOT NULL,
  CONSTRAINT event_type_pkey PRIMARY KEY (tenant_id, type)
);

-- An expression over the body of a delivery; empty: all are wanted. A constant default rewrites nothing.
ALTER TABLE gatehouse.endpoint ADD COLUMN payload_filter text NOT NULL DEFAULT '';
