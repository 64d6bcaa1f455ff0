-- Imports of users, and what is done about users whose time is over.

-- How far an import has got, by the key that its caller gave it. It moves in the transaction that makes the users of the
-- rows before it.
CREATE TABLE gatehouse.user_import (
  tenant_id   uuid NOT NULL,
  import_key  text COLLATE "C" NOT NULL,
  -- The first row that is not done.
  next_row    bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT user_import_pkey PRIMARY KEY (tenant_id, import_key)
) WITH (fillfactor = 50);

CREATE INDEX user_import_update_time ON gatehouse.user_import (tenant_id, update_time);

-- Users of whom something is left that is to go: at first their account, then their sessions, and of those who are to be
-- forgotten their names in the log.
CREATE TABLE gatehouse.user_purge (
  tenant_id     uuid NOT NULL,
  user_id       uuid NOT NULL,
  due_time      timestamptz NOT NULL,
  -- The log is to forget the user.
  erase         boolean NOT NULL DEFAULT false,
  erased_events bigint NOT NULL DEFAULT 0,
  CONSTRAINT user_purge_pkey PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 85);

CREATE INDEX user_purge_due ON gatehouse.user_purge (tenant_id, due_time, user_id);

-- By a trigger, so that servers of the version before enter those whom they delete.
CREATE FUNCTION gatehouse.queue_user_purge() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.purge_time IS NULL THEN
    DELETE FROM gatehouse.user_purge WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id;
  ELSE
    INSERT INTO gatehouse.user_purge (tenant_id, user_id, due_time)
    VALUES (NEW.tenant_id, NEW.user_id, NEW.purge_time)
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET due_time = excluded.due_time;
  END IF;
  RETURN NULL;
END
$$;

-- Those deleted so far, without holding up anybody; then the trigger, whose lock is held for as long as the few take that
-- were deleted meanwhile.
INSERT INTO gatehouse.user_purge (tenant_id, user_id, due_time)
SELECT tenant_id, user_id, purge_time FROM gatehouse.user_account WHERE purge_time IS NOT NULL;

CREATE TRIGGER user_account_purge AFTER UPDATE OF purge_time ON gatehouse.user_account
FOR EACH ROW WHEN (OLD.purge_time IS DISTINCT FROM NEW.purge_time)
EXECUTE FUNCTION gatehouse.queue_user_purge();

INSERT INTO gatehouse.user_purge (tenant_id, user_id, due_time)
SELECT u.tenant_id, u.user_id, u.purge_time
FROM gatehouse.thread_purge p
JOIN gatehouse.user_account u ON u.tenant_id = p.tenant_id AND u.user_id = p.user_id
WHERE u.purge_time IS NOT NULL
ON CONFLICT (tenant_id, user_id) DO NOTHING;

-- Takes a person out of an event, and of what the order says about it: `person` its actor, `origin` where that came from,
-- `about` the targets of these places, from 1, `data` the details. `secret`: what is to be kept in the place of `former`, so
-- that the leaf hash still holds; false, and nothing is done, if that is not the event's any more. It can only take away:
-- nobody puts anything into the log by it.
CREATE FUNCTION gatehouse.erase_event(tenant uuid, event uuid, place bigint, person boolean, origin boolean, about integer[],
                                      data boolean, former bytea, secret bytea) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  kept jsonb;
BEGIN
  UPDATE gatehouse.event e
  SET actor_id = CASE WHEN person THEN '' ELSE e.actor_id END,
      actor_label = CASE WHEN person THEN '' ELSE e.actor_label END,
      ip_address = CASE WHEN origin THEN '' ELSE e.ip_address END,
      user_agent = CASE WHEN origin THEN '' ELSE e.user_agent END,
      session_id = CASE WHEN origin THEN '' ELSE e.session_id END,
      targets = coalesce((
        SELECT jsonb_agg(CASE WHEN t.place = ANY (about) THEN t.value || '{"id": "", "label": ""}' ELSE t.value END
                         ORDER BY t.place)
        FROM jsonb_array_elements(e.targets) WITH ORDINALITY AS t (value, place)), '[]'),
      details = CASE WHEN data THEN '{}' ELSE e.details END,
      leaf_secret = secret
  WHERE e.tenant_id = tenant AND e.event_id = event AND e.leaf_secret = former
  RETURNING e.targets INTO kept;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF person THEN
    UPDATE gatehouse.event_order o SET actor_id = '' WHERE o.tenant_id = tenant AND o.index = place;
  END IF;
  DELETE FROM gatehouse.event_target t
  WHERE t.tenant_id = tenant AND t.index = place
    AND t.target_id NOT IN (SELECT k.value ->> 'id' FROM jsonb_array_elements(kept) AS k (value));
  RETURN true;
END
$$;
