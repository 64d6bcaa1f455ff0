-- It is to be tried again at $4. $5: attempts that did not count.
UPDATE gatehouse.mail
SET due_time = $4, lease_until = NULL, attempt_count = attempt_count - $5, error_class = $6, smtp_code = $7
WHERE tenant_id = $1 AND mail_id = $2 AND fence = $3 AND state <= 2

-- For example: tenant(), mail_id(1), 0, present(), 0, 'refused', 0
