-- Newest first: version 7 ids sort by creation. $2: before this id, or null; coalesced, so that it bounds the index also in a
-- plan for any parameters. $3: also ended ones; $4: now. $5: limit.
SELECT
  -- include columns.sql.part
FROM gatehouse.session
WHERE tenant_id = $1
  AND session_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND ($3::boolean
       OR (revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4))
ORDER BY session_id DESC
LIMIT $5;
