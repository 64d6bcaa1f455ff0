-- Guarded by the version that was looked at: what was noticed since is looked at again.
WITH told AS (
  UPDATE gatehouse.alert_notice
  SET due_time = NULL, told_time = $5, told_state = $6, told_level = $7, version = version + 1
  WHERE tenant_id = $1 AND destination_id = $2 AND alert_id = $3 AND version = $4
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM told) = 1, 'CONFLICT')

-- For example: tenant(), id(1), id(1), 1, present(), 1, 0
