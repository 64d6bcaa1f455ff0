-- Looks at the next $4 sessions of tenant $1 after $2 that were made before $3, and deletes those that ended before $3; only
-- counts them unless $5. They are found by their ids, which begin with the time: an index by their end would be written with
-- each refresh. Returns how many, the last one looked at, and how many were looked at.
WITH slice AS MATERIALIZED (
  SELECT session_id, least(revoke_time, idle_expire_time, expire_time) < $3 AS over
  FROM gatehouse.session
  WHERE tenant_id = $1 AND session_id > $2
    AND session_id < (lpad(to_hex((extract(epoch FROM $3::timestamptz) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
  ORDER BY session_id
  LIMIT $4
), gone AS (
  DELETE FROM gatehouse.session s
  USING slice
  WHERE $5::boolean AND slice.over AND s.tenant_id = $1 AND s.session_id = slice.session_id
)
SELECT count(*) FILTER (WHERE over), (SELECT session_id FROM slice ORDER BY session_id DESC LIMIT 1), count(*)
FROM slice

-- For example: tenant(), id($row), present(), 500, true
-- For example: tenant(), id($row), present(), 500, false
