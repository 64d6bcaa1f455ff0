WITH renamed AS (
  UPDATE gatehouse.passkey
  SET display_name = $4
  WHERE tenant_id = $1 AND user_id = $2 AND passkey_id = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'PASSKEY_NOT_FOUND')
FROM renamed

-- For example: tenant(), id($row / 100 * 100 + 1), id($row / 100 * 100 + 1), 'key'
