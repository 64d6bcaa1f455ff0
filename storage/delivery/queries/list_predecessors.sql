-- What goes before the index $4 of the ordering key $3: the nearest exception that is RETRYING, and what lies beyond the position,
-- as far as the last entries about the key show it; the nearest first. The key of an event is its one target; see ordering_key.h.
SELECT found.index, found.event_id, found.retrying
FROM (
  (SELECT x.event_index AS index, x.event_id, true AS retrying
   FROM gatehouse.webhook_exception x
   WHERE x.tenant_id = $1 AND x.endpoint_id = $2 AND x.state = 2 AND x.ordering_key <> '' AND x.ordering_key = $3 COLLATE "C"
     AND x.event_index < $4
   ORDER BY x.event_index DESC
   LIMIT 1)
  UNION ALL
  (SELECT t.index, e.event_id, false
   FROM gatehouse.endpoint_delivery d
   JOIN gatehouse.webhook_fanout f USING (tenant_id)
   CROSS JOIN LATERAL (
     SELECT t.index FROM gatehouse.event_target t
     WHERE t.tenant_id = $1 AND t.target_id = $3 AND t.index < $4
       AND t.index > CASE WHEN d.behind THEN d.position ELSE greatest(d.position, f.position) END
     ORDER BY t.index DESC
     LIMIT 20
   ) t
   JOIN gatehouse.event_order o ON o.tenant_id = $1 AND o.index = t.index
   CROSS JOIN LATERAL (
     SELECT e.event_id FROM gatehouse.event e
     WHERE e.tenant_id = $1 AND e.event_id = o.event_id AND NOT e.has_envelope AND jsonb_array_length(e.targets) = 1
       AND e.targets -> 0 ->> 'type' = 'ordering_key'
     OFFSET 0
   ) e
   WHERE d.tenant_id = $1 AND d.endpoint_id = $2)
) found
ORDER BY found.index DESC

-- For example: tenant(), endpoint_id(1), 'user-1', $row
