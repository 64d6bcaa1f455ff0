-- $5: the version that the change was made from.
WITH updated AS (
  UPDATE gatehouse.role
  SET permissions = $3, update_time = $4, version = version + 1
  WHERE tenant_id = $1 AND name = $2 AND version = $5
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM updated

-- For example: tenant(), 'role-7', '{}', present(), 1
