-- As read_range.sql, without the payload, which is no bytes.
SELECT h.size, 0::bigint AS through, o.index, o.event_id, o.type
FROM (SELECT coalesce((SELECT size FROM gatehouse.event_log_head WHERE tenant_id = $1), 0) AS size) h
LEFT JOIN (
  SELECT o.index, o.event_id, o.type FROM gatehouse.event_order o
  WHERE o.tenant_id = $1 AND o.index >= $2 AND o.index < $3
    AND (cardinality($5::text[]) + cardinality($6::text[]) = 0 OR o.type = ANY ($5) OR o.type ^@ ANY ($6))
  ORDER BY o.index LIMIT $4
) o ON true
ORDER BY o.index

-- For example: tenant(), $row, $row + 100, 100, '{}', '{}'
-- For example: tenant(), $row, $row + 500, 100, '{type.1}', '{}'
