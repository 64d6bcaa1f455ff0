-- As many as a user may have.
SELECT
  -- include columns.sql.part
FROM gatehouse.passkey
WHERE tenant_id = $1 AND user_id = $2
ORDER BY passkey_id

-- For example: tenant(), id($row / 100 * 100 + 1)
