-- Returns whether the pull still has the subscription.
UPDATE gatehouse.pull_subscription
SET position = greatest(position, $4), pull_time = $5
WHERE tenant_id = $1 AND name = $2 AND fence = $3
RETURNING true

-- For example: tenant(), 'subscription-' || $row, 1, rows(), present()
