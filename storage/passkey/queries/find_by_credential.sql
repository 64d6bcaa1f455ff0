SELECT
  -- include columns.sql.part
FROM gatehouse.passkey
WHERE tenant_id = $1 AND credential_id = $2

-- For example: tenant(), hash($row / 100 * 100 + 1)
