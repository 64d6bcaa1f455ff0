-- Stops at the limit. Two creations at a time may make one too many.
SELECT gatehouse.require(count(*) < $2, 'LIMIT_REACHED')
FROM (SELECT FROM gatehouse.role WHERE tenant_id = $1 LIMIT $2) AS roles

-- For example: tenant(), 1000
