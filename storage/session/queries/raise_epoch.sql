-- $3 raises the epoch, so that every token of the user dies. Also with 0 it makes logins
-- of the user wait until this is committed or undone.
WITH raised AS (
  UPDATE gatehouse.user_account
  SET epoch = epoch + $3
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL
  RETURNING epoch)
SELECT gatehouse.require(count(*) = 1, 'USER_NOT_FOUND'), max(epoch)
FROM raised

-- For example: tenant(), id($row), 1
