-- As find_device.sql, in the batch of the login.
WITH used AS (
  UPDATE gatehouse.remembered_device d
  SET last_used_time = $5
  FROM gatehouse.user_account u
  WHERE d.tenant_id = $1 AND d.user_id = $2 AND d.device_id = $3 AND d.token_hash = $4
    AND u.tenant_id = d.tenant_id AND u.user_id = d.user_id
    AND d.expire_time > $5 AND u.state = 1 AND u.delete_time IS NULL
    AND d.user_epoch = u.epoch AND d.second_factor_time = u.second_factor_time
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), id($row / 100 * 100 + 1), hash($row / 100 * 100 + 1), at(1)
