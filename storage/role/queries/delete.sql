-- After lock.sql.
WITH deleted AS (
  DELETE FROM gatehouse.role WHERE tenant_id = $1 AND name = $2
  RETURNING 1)
SELECT gatehouse.require(
  -- In the order of the index by role, which finds one at once or none.
  (SELECT user_id FROM gatehouse.user_account
   WHERE tenant_id = $1 AND role = $2 AND delete_time IS NULL
   ORDER BY create_time, user_id LIMIT 1) IS NULL,
  'ROLE_IN_USE')
FROM deleted

-- For example: tenant(), 'role-7'
