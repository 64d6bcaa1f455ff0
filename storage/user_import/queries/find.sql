SELECT next_row
FROM gatehouse.user_import
WHERE tenant_id = $1 AND import_key = $2

-- For example: tenant(), 'import-' || $row
