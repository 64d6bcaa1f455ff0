-- Nobody's, or too soon after the one before: there is nothing to answer.
DELETE FROM gatehouse.mail
WHERE tenant_id = $1 AND mail_id = $2 AND fence = $3 AND state = 1

-- For example: tenant(), mail_id(1), 0
