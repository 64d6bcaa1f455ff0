-- By the user itself, who gave the password of $3: not if it was changed since that was verified.
WITH updated AS (
  UPDATE gatehouse.user_account
  SET password_hash = $4, password_change_time = $5
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND state = 1 AND password_hash = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM updated

-- For example: tenant(), id($row / 50 * 50 + 1), 'hash', 'new', present()
