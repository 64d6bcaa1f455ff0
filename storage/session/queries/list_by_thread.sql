-- As list.sql, of the thread $6, which is not empty: its index leaves out sessions without one.
SELECT
  -- include columns.sql.part
FROM gatehouse.session
WHERE tenant_id = $1 AND thread_id = $6 AND thread_id <> ''
  AND session_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND ($3::boolean
       OR (revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4))
ORDER BY session_id DESC
LIMIT $5;
