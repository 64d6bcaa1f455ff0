-- If nobody has pulled since $3, where that is given.
WITH deleted AS (
  DELETE FROM gatehouse.pull_subscription
  WHERE tenant_id = $1 AND name = $2 AND pull_time < coalesce($3::timestamptz, 'infinity')
  RETURNING 1
)
SELECT gatehouse.require(EXISTS (SELECT FROM deleted), 'CONFLICT')

-- For example: tenant(), 'subscription-' || $row, NULL
