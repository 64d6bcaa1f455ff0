-- It was sent ($4 3) or given up ($4 4); what it held is gone. Of who has not got it any more nothing is taken.
WITH finished AS (
  UPDATE gatehouse.mail
  SET state = $4::integer, content = NULL, lease_until = NULL, end_time = $5, error_class = $6, smtp_code = $7
  WHERE tenant_id = $1 AND mail_id = $2 AND fence = $3 AND state = 2
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM finished

-- For example: tenant(), mail_id(2), 0, 3, present(), '', 250
