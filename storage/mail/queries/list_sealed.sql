-- What waits after ($1, $2): what is over holds nothing.
SELECT tenant_id, mail_id, content
FROM gatehouse.mail
WHERE (tenant_id, mail_id) > ($1, $2) AND content IS NOT NULL
ORDER BY tenant_id, mail_id
LIMIT $3

-- For example: tenant(), mail_id(1), 100
