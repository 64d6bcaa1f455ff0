-- $1 tenant, $2 event. One that was taken out of the order is gone, though its day's table may still be there.
SELECT coalesce(o.index, 0), e.event_id, e.type, e.outcome, e.actor_type, e.actor_id, e.actor_label, e.targets, e.ip_address,
       e.user_agent, e.request_id, e.trace_id, e.session_id, e.details, e.occurred_time, e.recorded_time, e.leaf_hash,
       e.has_envelope
FROM gatehouse.event e
LEFT JOIN gatehouse.event_order o ON o.tenant_id = e.tenant_id AND o.event_id = e.event_id
WHERE e.tenant_id = $1 AND e.event_id = $2
  AND (o.index IS NOT NULL OR e.event_id >= (SELECT kept_from FROM gatehouse.event_cut))

-- For example: tenant(), id($row)
