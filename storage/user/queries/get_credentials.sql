-- By username or email: no key is the one of one user and the other of another
-- (check_identifiers).
-- Many at a time: uuid, text
SELECT user_id, username, role, state, password_hash, epoch,
       second_factor_time IS NOT NULL
FROM gatehouse.user_account
WHERE tenant_id = $1 AND username_key = $2 AND delete_time IS NULL
UNION ALL
SELECT user_id, username, role, state, password_hash, epoch,
       second_factor_time IS NOT NULL
FROM gatehouse.user_account
WHERE tenant_id = $1 AND email_key = $2 AND delete_time IS NULL
LIMIT 1

-- For example: tenant(), username($row)
-- For example: tenant(), email($row)
-- For example: tenant(), 'nobody'
