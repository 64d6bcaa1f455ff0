-- Somebody changed an alert by hand: who is told of its kind looks at it at $4. As in signal.sql.
INSERT INTO gatehouse.alert_notice AS n (tenant_id, destination_id, alert_id, due_time, told_state, told_level, version)
SELECT d.tenant_id, d.destination_id, $2, $4, 0, 0, 1
FROM gatehouse.alert_destination d
WHERE d.tenant_id = $1 AND $3::integer = ANY (d.kinds)
ON CONFLICT (tenant_id, destination_id, alert_id) DO UPDATE
SET due_time = least(n.due_time, excluded.due_time), version = n.version + 1

-- For example: tenant(), id($row), 1, present()
