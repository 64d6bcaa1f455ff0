-- Who holds the advisory lock $1 of this database.
SELECT format('pid %s, user %s, application %s, from %s, connected since %s UTC',
              l.pid, coalesce(a.usename, '?'), coalesce(nullif(a.application_name, ''), '?'),
              coalesce(a.client_addr::text, 'a local socket'),
              to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint
LIMIT 1
