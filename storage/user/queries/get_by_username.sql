-- Many at a time: uuid, text
SELECT
  -- include columns.sql.part
FROM gatehouse.user_account
WHERE tenant_id = $1 AND username_key = $2 AND delete_time IS NULL

-- For example: tenant(), username($row)
