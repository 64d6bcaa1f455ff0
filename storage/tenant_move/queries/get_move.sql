SELECT m.move_id, m.is_source, m.peer, m.destination, m.was_active, m.step, m.row_counts,
       to_char(m.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(m.update_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       extract(epoch FROM now() - m.update_time)::bigint
FROM gatehouse.tenant_move m
WHERE m.tenant_id = $1::uuid

-- Not measured: a row for each tenant that moved, read when one does.
