-- In the place of an earlier one, which is over.
INSERT INTO gatehouse.tenant_move (tenant_id, move_id, is_source, peer, destination, was_active, step, row_counts, start_time, update_time)
VALUES ($1::uuid, $2::uuid, $3::boolean, $4, $5, $6::boolean, $7::smallint, $8::jsonb, now(), now())
ON CONFLICT (tenant_id) DO UPDATE
SET move_id = excluded.move_id, is_source = excluded.is_source, peer = excluded.peer, destination = excluded.destination,
    was_active = excluded.was_active, step = excluded.step, row_counts = excluded.row_counts, start_time = excluded.start_time,
    update_time = excluded.update_time

-- Not measured: once, when a tenant moves.
