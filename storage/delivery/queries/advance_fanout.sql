-- Never back. Waits for deliverers that are just giving up an endpoint, and
-- they for it: see release.sql.
WITH advanced AS (
  UPDATE gatehouse.webhook_fanout
  SET position = greatest(position, $3)
  WHERE tenant_id = $1 AND position >= $2
  RETURNING position
)
SELECT coalesce((SELECT position FROM advanced),
                (SELECT position FROM gatehouse.webhook_fanout WHERE tenant_id = $1))

-- For example: tenant(), 1, rows()
