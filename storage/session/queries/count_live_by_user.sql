-- Up to $5, if it is given.
SELECT count(*)
FROM (
  SELECT FROM gatehouse.session
  WHERE tenant_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR session_id <> $3)
    AND revoke_time IS NULL AND idle_expire_time > $4 AND expire_time > $4
  LIMIT $5::bigint) AS live;

-- For example: tenant(), user_of_session($row), NULL, present(), 1000
