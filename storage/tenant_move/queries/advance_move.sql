-- $4: rows by table, or empty for what is there. Never back.
UPDATE gatehouse.tenant_move
SET step = $3::smallint, row_counts = coalesce(nullif($4, '')::jsonb, row_counts), update_time = now()
WHERE tenant_id = $1::uuid AND move_id = $2::uuid AND step < $3::smallint

-- Not measured: once for each step of a move.
