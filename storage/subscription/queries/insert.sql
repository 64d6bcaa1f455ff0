-- $6: the most that a tenant may have.
INSERT INTO gatehouse.pull_subscription (tenant_id, name, position, fence, event_types, create_time, pull_time)
SELECT $1, $2, $3, 1, $4, $5, $5
FROM (
  SELECT gatehouse.require(
    (SELECT count(*) FROM gatehouse.pull_subscription WHERE tenant_id = $1) < $6::bigint, 'LIMIT_REACHED')
) AS guard

-- Not measured: counts the subscriptions of the tenant, of which there are few.
