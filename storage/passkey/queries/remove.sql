-- The last one stays for as long as logins of the user ask for one.
WITH removed AS (
  DELETE FROM gatehouse.passkey
  WHERE tenant_id = $1 AND user_id = $2 AND passkey_id = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'PASSKEY_NOT_FOUND'),
       gatehouse.require(
         EXISTS (SELECT FROM gatehouse.passkey WHERE tenant_id = $1 AND user_id = $2 AND passkey_id <> $3)
         OR NOT EXISTS (
           SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2 AND passkey_second_factor),
         'SECOND_FACTOR_STATE')
FROM removed

-- For example: tenant(), id($row / 100 * 100 + 1), id($row / 100 * 100 + 1)
