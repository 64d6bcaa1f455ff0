-- The clock in microseconds since 1970.
SELECT current_setting('server_encoding'),
       pg_is_in_recovery(),
       to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
