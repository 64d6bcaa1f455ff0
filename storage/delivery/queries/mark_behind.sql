-- A statement of its own after advance_fanout.sql: its snapshot must show what
-- committed while that one waited. An endpoint already behind knows better
-- where it is.
UPDATE gatehouse.endpoint_delivery d
SET position = CASE WHEN d.behind THEN d.position
                    ELSE greatest(d.position, coalesce(m.first_index - 1, m.created_index)) END,
    behind = d.behind OR m.first_index IS NOT NULL,
    created_event_id = CASE WHEN m.created_index IS NULL THEN d.created_event_id END
FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS m (endpoint_id, first_index, created_index)
WHERE d.tenant_id = $1 AND d.endpoint_id = m.endpoint_id
  AND (NOT d.behind OR m.created_index IS NOT NULL)
  AND EXISTS (SELECT FROM gatehouse.webhook_fanout f WHERE f.tenant_id = $1 AND f.position >= $2)

-- For example: tenant(), 1, ARRAY[endpoint_id(1)], ARRAY[rows()], ARRAY[NULL::bigint]
