-- As many as a user may have: those good at $3, or, where that is null, all that are kept.
SELECT d.device_id, d.label, d.ip_address, d.user_agent, d.create_time, d.last_used_time, d.expire_time
FROM gatehouse.remembered_device d
JOIN gatehouse.user_account u ON u.tenant_id = d.tenant_id AND u.user_id = d.user_id
WHERE d.tenant_id = $1 AND d.user_id = $2
  AND ($3::timestamptz IS NULL
       OR (d.expire_time > $3 AND d.user_epoch = u.epoch AND d.second_factor_time = u.second_factor_time))
ORDER BY d.device_id DESC

-- For example: tenant(), id($row / 100 * 100 + 1), at(1)
-- For example: tenant(), id($row / 100 * 100 + 1), NULL
