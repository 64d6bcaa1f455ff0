-- upgrade_password_hash.sql for a login that adds no session yet: nothing is written if the password is another one.
WITH upgraded AS (
  UPDATE gatehouse.user_account SET password_hash = $4
  WHERE tenant_id = $1 AND user_id = $2 AND password_hash = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM upgraded

-- For example: tenant(), id($row), 'hash', 'new'
