-- Users of tenant $1 whose time is over at $2, and those whom the log is to forget.
SELECT count(*) FROM (SELECT FROM gatehouse.user_purge WHERE tenant_id = $1 AND due_time <= $2 LIMIT $3) s

-- For example: tenant(), present() + interval '40 days', 100
