-- At most $3 sessions of a user without an account, in steps of a limited size, as request/purge.sql. None of one who was brought
-- back meanwhile.
DELETE FROM gatehouse.session
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.session
  WHERE tenant_id = $1 AND user_id = $2
    AND NOT EXISTS (SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2)
  ORDER BY session_id
  LIMIT $3))

-- For example: tenant(), user_of_session($row), 5
