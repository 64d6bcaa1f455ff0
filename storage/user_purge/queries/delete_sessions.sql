-- At most $3 sessions of a user without an account, in steps of a limited size, as request/purge.sql.
DELETE FROM gatehouse.session
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.session
  WHERE tenant_id = $1 AND user_id = $2
  ORDER BY session_id
  LIMIT $3))

-- For example: tenant(), user_of_session($row), 5
