-- $5 raises the epoch: every token of the user dies. $6: the role that the
-- caller was allowed to do this to.
WITH updated AS (
  UPDATE gatehouse.user_account
  SET password_hash = $3, password_change_time = $4, epoch = epoch + $5
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND role = $6
  RETURNING epoch)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT'), max(epoch)
FROM updated

-- For example: tenant(), id($row), 'new', present(), 1, 'viewer'
