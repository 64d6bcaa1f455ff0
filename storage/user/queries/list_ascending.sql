SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND (create_time, user_id) > ($2, $3)
  AND (delete_time IS NULL OR $4)
ORDER BY create_time ASC, user_id ASC
LIMIT $5
