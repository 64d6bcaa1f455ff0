-- The mail that was asked for, in the place of the request, by who has taken that under the fence $3.
WITH answered AS (
  UPDATE gatehouse.mail
  SET state = 2, user_id = $4, content = $5, create_time = $6, due_time = $6, expire_time = $7, attempt_count = 0,
      lease_until = NULL
  WHERE tenant_id = $1 AND mail_id = $2 AND fence = $3 AND state = 1
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM answered

-- For example: tenant(), mail_id(1), 0, id(1), hash(1), present(), present()
