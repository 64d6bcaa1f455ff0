-- Of a user who has no second factor any more.
DELETE FROM gatehouse.recovery_code
WHERE tenant_id = $1 AND user_id = $2
  AND NOT EXISTS (
    SELECT FROM gatehouse.user_account u
    WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.second_factor_time IS NOT NULL)

-- For example: tenant(), id($row / 100 * 100 + 1)
