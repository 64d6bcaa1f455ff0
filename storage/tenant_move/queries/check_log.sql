-- The length of the log, where it begins, what is between, and how many of its entries are not what their event says.
SELECT coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1::uuid), 0),
       coalesce((SELECT first_index FROM gatehouse.event_log_start WHERE tenant_id = $1::uuid), 1),
       count(o.index), coalesce(min(o.index), 0), coalesce(max(o.index), 0),
       count(*) FILTER (WHERE e.leaf_hash IS DISTINCT FROM o.leaf_hash),
       (SELECT encode(l.leaf_hash, 'hex') FROM gatehouse.event_order l WHERE l.tenant_id = $1::uuid ORDER BY l.index DESC LIMIT 1)
FROM gatehouse.event_order o
LEFT JOIN gatehouse.event e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
WHERE o.tenant_id = $1::uuid

-- Not measured: reads the whole log of a tenant, once, when it moves.
