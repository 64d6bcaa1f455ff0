-- What moved stays where it is; a tenant that is fenced is so no longer.
SELECT gatehouse.unfence_tenant(tenant_id) FROM gatehouse.tenant_move WHERE is_source;

CREATE OR REPLACE FUNCTION gatehouse.refuse_dropped_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(NEW.event_id >= (SELECT kept_from FROM gatehouse.event_cut), 'CLOCK_BEHIND');
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION gatehouse.refuse_sealed_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(false, 'CLOCK_BEHIND');
  RETURN NULL;
END
$$;

DROP FUNCTION gatehouse.moves_in(uuid);
DROP TRIGGER tenant_moved ON gatehouse.tenant;
DROP FUNCTION gatehouse.refuse_moved_tenant();
DROP FUNCTION gatehouse.unfence_tenant(uuid);
DROP FUNCTION gatehouse.fence_tenant(uuid);
DROP FUNCTION gatehouse.refuse_moved_event();
DROP TABLE gatehouse.tenant_move;
