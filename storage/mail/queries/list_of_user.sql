-- What is kept of the mails about $2, in their order, behind the one of $3.
SELECT mail_id, kind, state, content, create_time, expire_time, end_time, attempt_count, error_class, smtp_code
FROM gatehouse.mail
WHERE tenant_id = $1 AND user_id = $2 AND mail_id > $3
ORDER BY mail_id
LIMIT $4

-- For example: tenant(), id($row), mail_id(0), 100
