-- As tell_notice.sql.
WITH delayed AS (
  UPDATE gatehouse.alert_notice
  SET due_time = $5, version = version + 1
  WHERE tenant_id = $1 AND destination_id = $2 AND alert_id = $3 AND version = $4
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM delayed) = 1, 'CONFLICT')

-- For example: tenant(), id(1), id(1), 1, present()
