-- At most $4 events that name the user $2 as their actor or a target, but for those of types $3, which are to name it.
SELECT o.index, e.event_id, e.type, e.outcome, e.actor_type, e.actor_id, e.actor_label, e.targets, e.ip_address,
       e.user_agent, e.request_id, e.trace_id, e.session_id, e.details, e.occurred_time, e.recorded_time, e.leaf_hash,
       e.has_envelope, e.leaf_secret
FROM (
  (SELECT o.index, o.event_id
   FROM gatehouse.event_target t
   JOIN gatehouse.event_order o ON o.tenant_id = $1 AND o.index = t.index
   WHERE t.tenant_id = $1 AND t.target_id = $2 AND o.type <> ALL ($3::text[])
   ORDER BY t.index LIMIT $4)
  UNION
  (SELECT o.index, o.event_id
   FROM gatehouse.event_order o
   WHERE o.tenant_id = $1 AND o.actor_id = $2 AND o.actor_id <> '' AND o.type <> ALL ($3::text[])
   ORDER BY o.index LIMIT $4)
  ORDER BY index LIMIT $4
) o
CROSS JOIN LATERAL (
  -- OFFSET 0 keeps the planner from joining by hashing whole partitions.
  SELECT * FROM gatehouse.event e WHERE e.tenant_id = $1 AND e.event_id = o.event_id OFFSET 0
) e
ORDER BY o.index

-- For example: tenant(), id($row)::text, '{user.erased}', 10
