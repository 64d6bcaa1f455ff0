-- Newest first, before ($2, $3) if given. $4 state, $5 kind, 0 for any; $6: also the server's own.
SELECT
  -- include columns.sql.part
FROM gatehouse.alert
WHERE tenant_id = $1 AND (first_occurred_time, alert_id) < ($2, $3)
  AND ($4::integer = 0 OR state = $4) AND ($5::integer = 0 OR kind = $5) AND ($6::boolean OR endpoint_id <> '00000000-0000-0000-0000-000000000000')
ORDER BY first_occurred_time DESC, alert_id DESC
LIMIT $7

-- For example: tenant(), 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 0, 0, true, 51
-- For example: tenant(), at($row), id($row), 3, 0, true, 51
