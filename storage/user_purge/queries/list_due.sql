-- Those due at $2, in their order, behind the one of $3 and $4.
SELECT p.user_id, p.due_time, p.erase, p.erased_events, u.user_id IS NOT NULL
FROM gatehouse.user_purge p
LEFT JOIN gatehouse.user_account u ON u.tenant_id = $1 AND u.user_id = p.user_id
WHERE p.tenant_id = $1 AND p.due_time <= $2 AND (p.due_time, p.user_id) > ($3, $4)
ORDER BY p.due_time, p.user_id
LIMIT $5

-- For example: tenant(), present() + interval '40 days', '-infinity', id(1), 10
