-- A pull takes the subscription over, from whoever had it.
UPDATE gatehouse.pull_subscription
SET fence = fence + 1, event_types = $3, pull_time = $4
WHERE tenant_id = $1 AND name = $2
RETURNING name, position, fence, event_types, create_time, pull_time

-- For example: tenant(), 'subscription-' || $row, '{*}', present()
