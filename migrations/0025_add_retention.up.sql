-- What is older than it has to be kept goes: of the log and of the attempts of webhooks whole days, whose tables are dropped.
--
-- Of each tenant's log that is a prefix, 1 .. first_index - 1, whatever days the events are of: an event that committed late has
-- a higher index than some of the day after. So first the order loses its lowest events, as far as all of them are of days that
-- go; then a day's table goes when no event of it has a place in the order any more.

-- From where on events are kept. What has a lower id and no place in the order is gone, though its table may be there for a while.
CREATE TABLE gatehouse.event_cut (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- The lowest id, version 7, of a day.
  kept_from uuid NOT NULL
);

INSERT INTO gatehouse.event_cut (kept_from) VALUES ('00000000-0000-0000-0000-000000000000');

-- Of a tenant whose log does not begin with index 1 any more.
CREATE TABLE gatehouse.event_log_start (
  tenant_id   uuid PRIMARY KEY,
  -- Of the first event that is kept, or of the next one to come.
  first_index bigint NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION gatehouse.first_id_of(day date) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((day - date '1970-01-01')::bigint * 86400000), 12, '0') || '70008000000000000000')::uuid
$$;

-- The days of which the partitioned table has a partition, and whether that takes no rows any more.
CREATE FUNCTION gatehouse.partition_days(parent text) RETURNS TABLE (name text, day date, sealed boolean)
LANGUAGE sql STABLE AS $$
  SELECT c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD'),
         EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = parent || '_sealed')
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = ('gatehouse.' || parent)::regclass AND c.relname ~ ('^' || parent || '_\d{8}$')
$$;

-- The first day whose events would be kept if all before the day `before` went; null if none would go. Never a day that is not
-- sealed, since the sequencer may not be through with it, and a week at least by the database's own clock: whoever takes
-- over the server cannot wipe out what it has just done.
CREATE FUNCTION gatehouse.next_event_cut(before date) RETURNS date
LANGUAGE sql STABLE AS $$
  SELECT cut.day
  FROM (
    SELECT least(before, (now() AT TIME ZONE 'UTC')::date - 7,
                 (SELECT min(p.day) FROM gatehouse.partition_days('event') p WHERE NOT p.sealed)) AS day) cut
  WHERE gatehouse.first_id_of(cut.day) > (SELECT kept_from FROM gatehouse.event_cut)
    AND (EXISTS (SELECT FROM gatehouse.partition_days('event') p WHERE p.day < cut.day)
         -- By the parent: the server may read no partition. What has a table was found above, so this is what has none.
         OR EXISTS (SELECT FROM gatehouse.event e WHERE e.event_id < gatehouse.first_id_of(cut.day)))
$$;

-- The partition for what has none of its own took events of any day; from now on none of days that are gone.
CREATE FUNCTION gatehouse.refuse_dropped_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(NEW.event_id >= (SELECT kept_from FROM gatehouse.event_cut), 'CLOCK_BEHIND');
  RETURN NEW;
END
$$;

CREATE TRIGGER event_dropped BEFORE INSERT ON gatehouse.event_default
  FOR EACH ROW EXECUTE FUNCTION gatehouse.refuse_dropped_event();

-- Moves the cut to next_event_cut(before). False if there is none, or if the sequencer is not through with what lies before it.
CREATE FUNCTION gatehouse.cut_event_log(before date) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  cut date;
  is_ordered boolean;
BEGIN
  -- No partition comes or is sealed meanwhile.
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  cut := gatehouse.next_event_cut(before);
  IF cut IS NULL THEN
    RETURN false;
  END IF;
  -- Waits for those who are writing to it: from here on all of its events are visible, or will never be.
  LOCK TABLE gatehouse.event_default IN SHARE ROW EXCLUSIVE MODE;
  SELECT NOT s.halted AND pg_snapshot_xmax(s.snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
     AND NOT EXISTS (SELECT FROM gatehouse.event_default e
                     WHERE e.event_id < gatehouse.first_id_of(cut) AND e.xid >= pg_snapshot_xmin(s.snapshot))
  INTO is_ordered
  FROM gatehouse.sequencer s;
  IF NOT is_ordered THEN
    RETURN false;
  END IF;
  UPDATE gatehouse.event_cut SET kept_from = gatehouse.first_id_of(cut);
  RETURN true;
END
$$;

-- The lowest index of a tenant that somebody still waits for: fan-out, an endpoint that is behind, an attempt that is to be
-- made again, a consumer that pulls, a replay. Endpoints that are disabled wait for nothing. Null if nobody does.
CREATE FUNCTION gatehouse.first_undelivered(of_tenant uuid) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT f.position + 1 FROM gatehouse.webhook_fanout f WHERE f.tenant_id = of_tenant),
    (SELECT min(least(CASE WHEN d.behind THEN d.position + 1 END, x.event_index))
     FROM gatehouse.endpoint_delivery d
     JOIN gatehouse.endpoint e ON e.tenant_id = d.tenant_id AND e.endpoint_id = d.endpoint_id
     LEFT JOIN LATERAL (
       SELECT r.event_index
       FROM gatehouse.webhook_exception r
       WHERE r.tenant_id = d.tenant_id AND r.endpoint_id = d.endpoint_id AND r.state = 2
       ORDER BY r.event_index
       LIMIT 1) x ON true
     WHERE d.tenant_id = of_tenant AND e.state <> 3),
    (SELECT min(p.position) + 1 FROM gatehouse.pull_subscription p WHERE p.tenant_id = of_tenant),
    (SELECT min(r.position) + 1 FROM gatehouse.webhook_replay r WHERE r.tenant_id = of_tenant AND r.state IN (1, 2)))
$$;

-- Takes the next `most` events of a tenant, at most, out of the order, as far as all are from before the cut and nobody waits for
-- them. Returns how many those were. What they say is still in the tables of their days, and goes with these.
CREATE FUNCTION gatehouse.trim_event_log(of_tenant uuid, most integer) RETURNS bigint
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  cut uuid;
  from_index bigint;
  to_index bigint;
BEGIN
  -- One instance at a time.
  PERFORM pg_advisory_xact_lock(hashtextextended('gatehouse.trim_event_log', hashtext(of_tenant::text)));
  SELECT c.kept_from, coalesce(s.first_index, 1), coalesce(h.size, 0) + 1 INTO cut, from_index, to_index
  FROM gatehouse.event_cut c
  LEFT JOIN gatehouse.event_log_start s ON s.tenant_id = of_tenant
  LEFT JOIN gatehouse.event_log_head h ON h.tenant_id = of_tenant;
  to_index := least(to_index, from_index + most, gatehouse.first_undelivered(of_tenant));
  to_index := least(to_index, (
    SELECT o.index FROM gatehouse.event_order o
    WHERE o.tenant_id = of_tenant AND o.index >= from_index AND o.index < to_index AND o.event_id >= cut
    ORDER BY o.index LIMIT 1));
  IF to_index <= from_index THEN
    RETURN 0;
  END IF;
  DELETE FROM gatehouse.event_target t
  USING (
    SELECT DISTINCT g.value ->> 'id' AS id, o.index
    FROM gatehouse.event_order o
    CROSS JOIN LATERAL (
      -- OFFSET 0 keeps the planner from joining by hashing whole partitions.
      SELECT e.targets FROM gatehouse.event e WHERE e.tenant_id = of_tenant AND e.event_id = o.event_id OFFSET 0) e
    CROSS JOIN LATERAL jsonb_array_elements(e.targets) g
    WHERE o.tenant_id = of_tenant AND o.index >= from_index AND o.index < to_index) gone
  WHERE t.tenant_id = of_tenant AND t.target_id = gone.id AND t.index = gone.index;
  DELETE FROM gatehouse.event_order o
  WHERE o.tenant_id = of_tenant AND o.index >= from_index AND o.index < to_index;
  INSERT INTO gatehouse.event_log_start AS s (tenant_id, first_index) VALUES (of_tenant, to_index)
  ON CONFLICT (tenant_id) DO UPDATE SET first_index = excluded.first_index;
  RETURN to_index - from_index;
END
$$;

-- Drops the table of one day of events before the cut, of which none has a place in the order any more; returns its name, null
-- if there is none. What the partition for the rest has of such events goes too, some thousands at a time.
CREATE FUNCTION gatehouse.drop_event_day() RETURNS text
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  cut uuid := (SELECT kept_from FROM gatehouse.event_cut);
  gone text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  DELETE FROM gatehouse.event_default
  WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM gatehouse.event_default e
    WHERE e.event_id < cut AND NOT EXISTS (
      SELECT FROM gatehouse.event_order o WHERE o.tenant_id = e.tenant_id AND o.event_id = e.event_id)
    LIMIT 5000));
  SELECT p.name INTO gone
  FROM gatehouse.partition_days('event') p
  WHERE p.sealed AND gatehouse.first_id_of(p.day + 1) <= cut
    AND NOT EXISTS (
      SELECT FROM gatehouse.event_log_head h
      WHERE EXISTS (
        SELECT FROM gatehouse.event_order o
        WHERE o.tenant_id = h.tenant_id AND o.event_id >= gatehouse.first_id_of(p.day)
          AND o.event_id < gatehouse.first_id_of(p.day + 1)))
  ORDER BY p.day LIMIT 1;
  IF gone IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('DROP TABLE gatehouse.%I', gone);
  RETURN gone;
END
$$;

-- Drops the table of one day of webhook attempts before the day `before`, not of today by the database's own clock; returns its
-- name, null if there is none. How often an event was tried is not in it: what is to be tried again goes on.
CREATE FUNCTION gatehouse.drop_attempt_day(before date) RETURNS text
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  cut date := least(before, (now() AT TIME ZONE 'UTC')::date);
  gone text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  DELETE FROM gatehouse.webhook_attempt_default
  WHERE ctid = ANY (ARRAY(
    SELECT a.ctid FROM gatehouse.webhook_attempt_default a WHERE a.attempt_id < gatehouse.first_id_of(cut) LIMIT 5000));
  SELECT p.name INTO gone
  FROM gatehouse.partition_days('webhook_attempt') p
  WHERE p.day < cut
  ORDER BY p.day LIMIT 1;
  IF gone IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('DROP TABLE gatehouse.%I', gone);
  RETURN gone;
END
$$;
