WITH restored AS (
  UPDATE gatehouse.user_account
  SET delete_time = NULL, purge_time = NULL, update_time = $4, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND delete_time IS NOT NULL
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM restored

-- For example: tenant(), id($row / 50 * 50 + 9), 1, present()
