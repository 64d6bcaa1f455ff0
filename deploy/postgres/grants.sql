-- After every `gatehouse migrate up`, as gatehouse_owner: all that the server may do. Servers may run meanwhile, and a second
-- run changes nothing.

BEGIN;

GRANT USAGE ON SCHEMA gatehouse TO gatehouse_server;

DO $$
DECLARE
  item record;
BEGIN
  -- Partitions are reached by their parents.
  FOR item IN
    SELECT c.oid::regclass AS name,
           CASE
             WHEN c.relkind = 'v' THEN 'SELECT'
             WHEN c.relname LIKE 'schema\_migration%' THEN 'SELECT'
             -- The log is written once. Whoever takes over the server can neither change it nor delete from it.
             WHEN c.relname IN ('event', 'event_order', 'event_target') THEN 'SELECT, INSERT'
             -- Where it begins is moved by the functions of retention alone.
             WHEN c.relname IN ('event_cut', 'event_log_start') THEN 'SELECT'
             -- What was tried, said or answered stays as it was. Attempts go with the tables of their days.
             WHEN c.relname = 'webhook_attempt' THEN 'SELECT, INSERT'
             WHEN c.relname IN ('thread_message', 'request', 'recovery_code', 'former_password') THEN 'SELECT, INSERT, DELETE'
             -- Tenants are frozen and API keys revoked, not deleted; what counts and follows the log is there for good.
             WHEN c.relname IN ('tenant', 'tenant_retention', 'api_key', 'event_log_head', 'webhook_fanout')
               THEN 'SELECT, INSERT, UPDATE'
             WHEN c.relname = 'sequencer' THEN 'SELECT, UPDATE'
             -- Where a tenant is on its way to is for whoever moves it.
             WHEN c.relname = 'tenant_move' THEN 'SELECT'
             ELSE 'SELECT, INSERT, UPDATE, DELETE'
           END AS privileges
    FROM pg_class c
    WHERE c.relnamespace = 'gatehouse'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM gatehouse_server', item.name);
    EXECUTE format('GRANT %s ON %s TO gatehouse_server', item.privileges, item.name);
  END LOOP;
END
$$;

-- The server makes the log's partitions, a day each, and closes them. Both take the owner, so they run as it.
ALTER FUNCTION gatehouse.create_daily_partition(text, text, date) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION gatehouse.seal_event_day(date) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION gatehouse.create_daily_partition(text, text, date), gatehouse.seal_event_day(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gatehouse.create_daily_partition(text, text, date), gatehouse.seal_event_day(date) TO gatehouse_server;

-- Retention: takes what is old enough off the beginning of the log, and drops the tables of whole days. What is not a week old, not
-- delivered or not in its place stays, whoever asks. Without these rights the server keeps the log for ever: revoke them and run
-- `gatehouse retention run` as gatehouse_owner instead (docs/operating/retention.md).
ALTER FUNCTION gatehouse.cut_event_log(date) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION gatehouse.trim_event_log(uuid, integer) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION gatehouse.drop_event_day() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION gatehouse.drop_attempt_day(date) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION gatehouse.cut_event_log(date), gatehouse.trim_event_log(uuid, integer), gatehouse.drop_event_day(),
  gatehouse.drop_attempt_day(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gatehouse.cut_event_log(date), gatehouse.trim_event_log(uuid, integer), gatehouse.drop_event_day(),
  gatehouse.drop_attempt_day(date) TO gatehouse_server;

-- Nor can the server change an event, but for taking a person out of it; the events' leaf hashes stay.
ALTER FUNCTION gatehouse.erase_event(uuid, uuid, bigint, boolean, boolean, integer[], boolean, bytea, bytea)
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION gatehouse.erase_event(uuid, uuid, bigint, boolean, boolean, integer[], boolean, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gatehouse.erase_event(uuid, uuid, bigint, boolean, boolean, integer[], boolean, bytea, bytea)
  TO gatehouse_server;

COMMIT;
