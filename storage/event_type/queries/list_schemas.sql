-- Every type that has a schema; of the types $2 with it.
SELECT type, CASE WHEN type = ANY ($2::text[]) THEN schema END
FROM gatehouse.event_type
WHERE tenant_id = $1 AND schema IS NOT NULL

-- For example: tenant(), '{order.7}'
