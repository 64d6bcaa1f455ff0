DROP FUNCTION gatehouse.seal_event_day(date);

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

DROP FUNCTION gatehouse.cover_unsealed_events(regclass);
DROP VIEW gatehouse.unsealed_event;
-- And with it the triggers of the days that were sealed.
DROP FUNCTION gatehouse.refuse_sealed_event() CASCADE;
