-- Tenants whose log is kept for longer than it has to be, before the day $1 (since 1970-01-01), because somebody waits for its
-- events; the first of them.
SELECT h.tenant_id, u.index, o.recorded_time
FROM gatehouse.event_log_head h
CROSS JOIN LATERAL (SELECT gatehouse.first_undelivered(h.tenant_id) AS index OFFSET 0) u
JOIN gatehouse.event_order o ON o.tenant_id = h.tenant_id AND o.index = u.index
WHERE o.event_id < gatehouse.first_id_of(date '1970-01-01' + $1::integer)
ORDER BY o.recorded_time
LIMIT $2

-- Not measured: looks at the endpoints of every tenant, once a day.
