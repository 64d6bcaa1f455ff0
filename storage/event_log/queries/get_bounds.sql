-- The first index that is kept and the last one there is.
SELECT coalesce((SELECT first_index FROM gatehouse.event_log_start WHERE tenant_id = $1), 1),
       coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1), 0)

-- For example: tenant()
