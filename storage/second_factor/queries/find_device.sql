-- Whether the device $3 is remembered and has shown what is kept as $4. What ended the user's tokens, and another second factor,
-- ended it as well.
SELECT true
FROM gatehouse.remembered_device d
JOIN gatehouse.user_account u ON u.tenant_id = d.tenant_id AND u.user_id = d.user_id
WHERE d.tenant_id = $1 AND d.user_id = $2 AND d.device_id = $3 AND d.token_hash = $4
  AND d.expire_time > $5 AND u.state = 1 AND u.delete_time IS NULL
  AND d.user_epoch = u.epoch AND d.second_factor_time = u.second_factor_time

-- For example: tenant(), id($row / 100 * 100 + 1), id($row / 100 * 100 + 1), hash($row / 100 * 100 + 1), at(1)
