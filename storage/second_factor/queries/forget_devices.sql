-- One of the user's devices, or all of them where $3 is null.
WITH forgotten AS (
  DELETE FROM gatehouse.remembered_device
  WHERE tenant_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR device_id = $3)
  RETURNING 1)
SELECT gatehouse.require(count(*) > 0, 'ETAG_MISMATCH')
FROM forgotten

-- For example: tenant(), id($row / 100 * 100 + 1), NULL
