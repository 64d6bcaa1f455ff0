-- Unless a newer connection of the instance shows it again. Waits for free_gone.sql, which may have found it gone.
DELETE FROM gatehouse.deliverer WHERE instance_id = $1 AND lock_key = $2

-- For example: endpoint_id(0), 1
