-- What the database says of its own limits and of how full it is, for who looks after it. What a role may not see is left out:
-- the folder is empty then.
SELECT current_setting('max_connections')::integer,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       pg_database_size(current_database()),
       CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') ELSE '' END,
       (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::bigint
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()),
       pg_relation_size('gatehouse.event_default') + pg_relation_size('gatehouse.webhook_attempt_default'),
       (SELECT count(*) FROM gatehouse.partition_days('event')),
       (SELECT (now() AT TIME ZONE 'UTC')::date - min(day) FROM gatehouse.partition_days('event') WHERE NOT sealed),
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
       current_setting('synchronous_commit') <> 'off',
       current_setting('autovacuum') = 'on'

-- Not measured: reads what the database knows of its tables, a row for each day that is kept.
