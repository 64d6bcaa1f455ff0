-- What the database says of itself and of what the server keeps in it. $1: the tenant of webhooks. $2: today, in days since
-- 1970-01-01. $3: what was recorded before, some instance should have begun to deliver.
SELECT current_setting('server_version'),
       pg_is_in_recovery(),
       (SELECT coalesce(max(version), 0) FROM gatehouse.schema_migration WHERE state = 'applied'),
       (SELECT halted FROM gatehouse.sequencer),
       ARRAY(
         SELECT name
         FROM (VALUES ('event'), ('webhook_attempt')) AS t (parent), generate_series(0, 1) AS ahead,
           LATERAL (SELECT parent || '_' || to_char(date '1970-01-01' + $2::integer + ahead, 'YYYYMMDD') AS name) n
         WHERE to_regclass('gatehouse.' || name) IS NULL
         ORDER BY name),
       (SELECT count(*)
        FROM gatehouse.endpoint_delivery d
        JOIN gatehouse.endpoint e ON e.tenant_id = $1 AND e.endpoint_id = d.endpoint_id
        JOIN gatehouse.event_order o ON o.tenant_id = $1 AND o.index = d.position + 1
        WHERE d.tenant_id = $1 AND d.behind AND coalesce(d.lease_until, '-infinity') < $3 AND e.state = 1
          AND o.recorded_time < $3)

-- For example: tenant(), 20458, at($row)
