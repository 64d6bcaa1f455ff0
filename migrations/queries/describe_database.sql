-- The clock in microseconds since 1970. Of a standby every transaction is read-only.
SELECT current_setting('server_encoding'),
       pg_is_in_recovery(),
       current_setting('transaction_read_only') = 'on',
       current_setting('default_transaction_isolation'),
       to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
