-- The same password under the current parameters: no change a caller can see. Not
-- if the password was changed since $3 was verified: that would put the old one back.
UPDATE gatehouse.user_account SET password_hash = $4
WHERE tenant_id = $1 AND user_id = $2 AND password_hash = $3;

-- For example: tenant(), id($row), 'hash', 'new'
