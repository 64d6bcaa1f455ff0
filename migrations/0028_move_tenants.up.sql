-- A tenant moves to another database (docs/tenants.md#moving-a-tenant). What `gatehouse tenant move` has done so far stands in both
-- databases, so that it can go on after whatever stopped it.

CREATE TABLE gatehouse.tenant_move (
  tenant_id   uuid NOT NULL,
  -- The same in both databases.
  move_id     uuid NOT NULL,
  -- Whether the tenant moves away from here.
  is_source   boolean NOT NULL,
  -- The other database (migrations::IdentifyDatabase).
  peer        text NOT NULL,
  -- What clients are told; tenant.moved_to.
  destination text NOT NULL,
  -- Whether it took calls before: then it does so again afterwards.
  was_active  boolean NOT NULL,
  -- Frozen, fenced, copied, moved, done, deleted: storage::TenantMoveStep.
  step        smallint NOT NULL CHECK (step BETWEEN 1 AND 6),
  -- What was copied: rows by table; empty until then.
  row_counts  jsonb NOT NULL,
  start_time  timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT tenant_move_pkey PRIMARY KEY (tenant_id)
);

-- Refuses events of a tenant that is about to be copied, or was. Every change has an event in its own transaction, so there is no
-- change either: not by a server that was stopped in the midst of a call and goes on an hour later.
CREATE FUNCTION gatehouse.refuse_moved_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(false, 'TENANT_MOVED');
  RETURN NULL;
END
$$;

-- From its commit on the log of a tenant takes no events, and what it has is committed: the trigger waits for those who are writing.
-- It costs the events of others a comparison, and is there for as long as the tenant's rows are. As the owner.
CREATE FUNCTION gatehouse.fence_tenant(of_tenant uuid) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  name text := 'event_moved_' || replace(of_tenant::text, '-', '');
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'gatehouse.event'::regclass AND t.tgname = name) THEN
    EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON gatehouse.event FOR EACH ROW WHEN (NEW.tenant_id = %L::uuid)
                    EXECUTE FUNCTION gatehouse.refuse_moved_event()', name, of_tenant);
  END IF;
END
$$;

CREATE FUNCTION gatehouse.unfence_tenant(of_tenant uuid) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  name text := 'event_moved_' || replace(of_tenant::text, '-', '');
BEGIN
  -- Looked for first: to drop what is not there takes the same lock, before which every call would wait.
  IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'gatehouse.event'::regclass AND t.tgname = name) THEN
    EXECUTE format('DROP TRIGGER %I ON gatehouse.event', name);
  END IF;
END
$$;

-- A tenant that lives elsewhere is not activated here by mistake, for ever after: two would go by its id.
CREATE FUNCTION gatehouse.refuse_moved_tenant() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(NOT EXISTS (
    SELECT FROM gatehouse.tenant_move m WHERE m.tenant_id = NEW.tenant_id AND m.is_source AND m.step >= 4), 'TENANT_MOVED');
  RETURN NEW;
END
$$;

CREATE TRIGGER tenant_moved BEFORE UPDATE ON gatehouse.tenant
  FOR EACH ROW WHEN (OLD.state = 3 AND NEW.state <> 3) EXECUTE FUNCTION gatehouse.refuse_moved_tenant();

-- Days that are over, or gone, take the events of a tenant that moves in: they have their places in the log, come with them, and
-- the sequencer has nothing to do with them.
CREATE FUNCTION gatehouse.moves_in(of_tenant uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT current_setting('gatehouse.moving_tenant', true) IS NOT DISTINCT FROM of_tenant::text
$$;

CREATE OR REPLACE FUNCTION gatehouse.refuse_sealed_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(gatehouse.moves_in(NEW.tenant_id), 'CLOCK_BEHIND');
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION gatehouse.refuse_dropped_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(
    NEW.event_id >= (SELECT kept_from FROM gatehouse.event_cut) OR gatehouse.moves_in(NEW.tenant_id), 'CLOCK_BEHIND');
  RETURN NEW;
END
$$;
