SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND user_id = ANY ($2) AND delete_time IS NULL

-- For example: tenant(), ids($row, 100)
