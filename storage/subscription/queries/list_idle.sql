SELECT name, position, fence, event_types, create_time, pull_time
FROM gatehouse.pull_subscription
WHERE tenant_id = $1 AND pull_time < $2
LIMIT $3

-- Not measured: looks at the subscriptions of the tenant, of which there are few.
