-- Days that are over take no more events, so that the sequencer looks into a handful of partitions however many
-- days are kept.

-- Refuses events of a day that is over: they come from a server whose clock is days behind. Updates pass, which
-- erasure needs.
CREATE FUNCTION gatehouse.refuse_sealed_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gatehouse.require(false, 'CLOCK_BEHIND');
  RETURN NULL;
END
$$;

-- Makes the view gatehouse.unsealed_event anew: what the sequencer needs of every partition of gatehouse.event
-- that is not sealed, and of the table `coming`, which is about to become one. A view and not a condition on the
-- id: an event that the sequencer does not look at is lost to it for ever, so what it leaves out has to be proven,
-- not assumed.
CREATE FUNCTION gatehouse.cover_unsealed_events(coming regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE (
    SELECT 'CREATE OR REPLACE VIEW gatehouse.unsealed_event AS ' || string_agg(format(
      'SELECT tenant_id, event_id, xid, type, actor_id, targets, outcome, occurred_time, recorded_time, leaf_hash '
      'FROM gatehouse.%I', c.relname), ' UNION ALL ' ORDER BY c.relname)
    FROM pg_class c
    WHERE (c.oid = coming OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'gatehouse.event'::regclass))
      AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'event_sealed'));
END
$$;

SELECT gatehouse.cover_unsealed_events();

-- As before, and the sequencer looks into a partition of events before it can take any.
CREATE OR REPLACE FUNCTION gatehouse.create_daily_partition(parent text, key text, day date) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  name text := parent || '_' || to_char(day, 'YYYYMMDD');
  fallback text := parent || '_default';
  millis bigint := (day - date '1970-01-01')::bigint * 86400000;
  low uuid := (lpad(to_hex(millis), 12, '0') || '70008000000000000000')::uuid;
  high uuid := (lpad(to_hex(millis + 86400000), 12, '0') || '70008000000000000000')::uuid;
BEGIN
  -- One instance at a time.
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  IF to_regclass('gatehouse.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE gatehouse.%I (LIKE gatehouse.%I INCLUDING ALL)', name, parent);
  -- Locks the view before the default partition, in the order in which the sequencer does.
  IF parent = 'event' THEN
    PERFORM gatehouse.cover_unsealed_events(('gatehouse.' || name)::regclass);
  END IF;
  -- Before the move: nothing may slip into the default partition after it.
  EXECUTE format('LOCK TABLE gatehouse.%I IN ACCESS EXCLUSIVE MODE', fallback);
  EXECUTE format(
    'WITH moved AS (DELETE FROM gatehouse.%1$I WHERE %2$I >= $1 AND %2$I < $2 RETURNING *)
     INSERT INTO gatehouse.%3$I SELECT * FROM moved', fallback, key, name) USING low, high;
  EXECUTE format('ALTER TABLE gatehouse.%I ATTACH PARTITION gatehouse.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, name, low, high);
  RETURN true;
END
$$;

-- Seals one partition of events of a day after which two whole days are past, by the caller's clock, whose day `today`
-- is, and by this database's own: there are servers whose clocks are behind, and transactions that are long under way. True if there was one; false if none is left, or if the sequencer is not through with it yet.
CREATE FUNCTION gatehouse.seal_event_day(today date) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  first_open date := least(today, (now() AT TIME ZONE 'UTC')::date) - 2;
  name text;
  is_ordered boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('gatehouse.create_daily_partition'));
  SELECT min(c.relname) INTO name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'gatehouse.event'::regclass
    AND c.relname ~ '^event_\d{8}$' AND c.relname < 'event_' || to_char(first_open, 'YYYYMMDD')
    AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'event_sealed');
  IF name IS NULL THEN
    RETURN false;
  END IF;
  -- Waits for those who are writing to it: from here on all of its events are visible, or will never be.
  EXECUTE format('LOCK TABLE gatehouse.%I IN SHARE ROW EXCLUSIVE MODE', name);
  EXECUTE format(
    'SELECT NOT s.halted AND pg_snapshot_xmax(s.snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
        AND NOT EXISTS (SELECT FROM gatehouse.%I e WHERE e.xid >= pg_snapshot_xmin(s.snapshot))
     FROM gatehouse.sequencer s', name) INTO is_ordered;
  IF NOT is_ordered THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TRIGGER event_sealed BEFORE INSERT ON gatehouse.%I
                  FOR EACH ROW EXECUTE FUNCTION gatehouse.refuse_sealed_event()', name);
  PERFORM gatehouse.cover_unsealed_events();
  RETURN true;
END
$$;
