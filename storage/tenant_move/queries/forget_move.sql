DELETE FROM gatehouse.tenant_move WHERE tenant_id = $1::uuid AND move_id = $2::uuid

-- Not measured: once, when a move is given up.
