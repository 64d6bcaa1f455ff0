-- What the database says of itself and of what the server keeps in it. $1: today, in days since 1970-01-01. $2: what was
-- recorded before, some instance should have begun to deliver, unless the tenant is frozen.
SELECT current_setting('server_version'),
       pg_is_in_recovery(),
       (SELECT coalesce(max(version), 0) FROM gatehouse.schema_migration WHERE state = 'applied'),
       (SELECT halted FROM gatehouse.sequencer),
       ARRAY(
         SELECT name
         FROM (VALUES ('event'), ('webhook_attempt')) AS t (parent), generate_series(0, 1) AS ahead,
           LATERAL (SELECT parent || '_' || to_char(date '1970-01-01' + $1::integer + ahead, 'YYYYMMDD') AS name) n
         WHERE to_regclass('gatehouse.' || name) IS NULL
         ORDER BY name),
       (SELECT count(*)
        FROM gatehouse.endpoint_delivery d
        JOIN gatehouse.endpoint e USING (tenant_id, endpoint_id)
        JOIN gatehouse.event_order o ON o.tenant_id = d.tenant_id AND o.index = d.position + 1
        WHERE d.behind AND coalesce(d.lease_until, '-infinity') < $2 AND e.state = 1 AND o.recorded_time < $2
          AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = d.tenant_id AND t.state <> 1))

-- For example: 20458, at($row)
