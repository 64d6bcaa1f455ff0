-- $1: the most tenants an installation has. Two creations at a time may make one too many.
SELECT gatehouse.require(count(*) < $1, 'LIMIT_REACHED')
FROM (SELECT FROM gatehouse.tenant LIMIT $1) AS tenants

-- Not measured: stops at the limit.
