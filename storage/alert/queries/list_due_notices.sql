-- What is due at $1, of all tenants but those that are frozen, by turns, at most $2.
WITH RECURSIVE waiting (tenant_id) AS (
  (SELECT tenant_id FROM gatehouse.alert_notice WHERE due_time IS NOT NULL ORDER BY tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT n.tenant_id FROM gatehouse.alert_notice n WHERE n.due_time IS NOT NULL AND n.tenant_id > w.tenant_id
          ORDER BY n.tenant_id LIMIT 1)
  FROM waiting w
  WHERE w.tenant_id IS NOT NULL
)
SELECT due.tenant_id, due.destination_id, due.alert_id, due.due_time, due.told_time, due.told_state, due.told_level, due.version
FROM waiting w
CROSS JOIN LATERAL (
  SELECT n.*
  FROM gatehouse.alert_notice n
  WHERE n.tenant_id = w.tenant_id AND n.due_time <= $1
  ORDER BY n.due_time
  LIMIT $2) due
WHERE w.tenant_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = w.tenant_id AND t.state <> 1)
ORDER BY due.due_time
LIMIT $2

-- For example: present(), 100
