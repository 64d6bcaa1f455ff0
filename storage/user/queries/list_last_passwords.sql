-- Of the passwords that the user has had last, the one it has among them, at most $3; newest first.
SELECT password_hash
FROM (
  SELECT password_hash, 'infinity'::timestamptz AS replace_time, user_id AS former_id
  FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND password_hash IS NOT NULL
  UNION ALL
  (SELECT password_hash, replace_time, former_id
   FROM gatehouse.former_password
   WHERE tenant_id = $1 AND user_id = $2
   ORDER BY replace_time DESC, former_id DESC
   LIMIT $3)) AS passwords
ORDER BY replace_time DESC, former_id DESC
LIMIT $3

-- For example: tenant(), id($row / 50 * 50 + 1), 4
