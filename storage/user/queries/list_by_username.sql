SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND username_key > $2 AND username_key >= $3 AND username_key < $4
  AND delete_time IS NULL
  AND ($6::text IS NULL OR role = $6) AND ($7::integer IS NULL OR state = $7)
ORDER BY username_key
LIMIT $5
