-- One of the user's devices, or all of them where $3 is null. One at least is to be good at $4 (list_devices.sql): there is
-- nothing to forget of what has ended by itself.
WITH forgotten AS (
  DELETE FROM gatehouse.remembered_device d
  USING gatehouse.user_account u
  WHERE d.tenant_id = $1 AND d.user_id = $2 AND ($3::uuid IS NULL OR d.device_id = $3)
    AND u.tenant_id = $1 AND u.user_id = $2
  RETURNING d.expire_time > $4 AND d.user_epoch = u.epoch AND d.second_factor_time = u.second_factor_time AS good)
SELECT gatehouse.require(count(*) FILTER (WHERE good) > 0, 'ETAG_MISMATCH')
FROM forgotten

-- For example: tenant(), id($row / 100 * 100 + 1), NULL, at(1)
