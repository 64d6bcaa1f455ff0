SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND role = $6 AND (create_time, user_id) > ($2, $3)
  AND (delete_time IS NULL OR $4)
  AND ($7::integer IS NULL OR state = $7)
ORDER BY create_time ASC, user_id ASC
LIMIT $5
