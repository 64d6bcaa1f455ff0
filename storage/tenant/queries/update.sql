-- Guarded by the version that the change was made from.
WITH updated AS (
  UPDATE gatehouse.tenant
  SET display_name = $3, state = $4::integer, moved_to = $5, labels = $6, update_time = $7, version = version + 1
  WHERE tenant_id = $1 AND version = $2
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM updated

-- For example: tenant(), 1, '', 1, '', '{}', present()
