SELECT name, position, fence, event_types, create_time, pull_time
FROM gatehouse.pull_subscription
WHERE tenant_id = $1 AND name = $2

-- For example: tenant(), 'subscription-' || $row
