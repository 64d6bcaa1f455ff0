-- Before another one takes its place: the password that the user has becomes the latest of the former ones, of which $5 stay.
-- The row is locked, so that of two changes at a time the second remembers what the first one set.
WITH replaced AS (
  INSERT INTO gatehouse.former_password (tenant_id, user_id, replace_time, former_id, password_hash)
  SELECT tenant_id, user_id, $3, $4, password_hash
  FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND password_hash IS NOT NULL AND $5::bigint > 0
  FOR UPDATE)
DELETE FROM gatehouse.former_password
WHERE ctid = ANY (ARRAY(
  SELECT ctid
  FROM gatehouse.former_password
  WHERE tenant_id = $1 AND user_id = $2
  ORDER BY replace_time DESC, former_id DESC
  -- The new one is not seen here yet.
  OFFSET greatest($5 - 1, 0)))

-- For example: tenant(), id($row / 50 * 50 + 1), present(), new_id(), 3
-- For example: tenant(), id($row / 50 * 50 + 1), present(), new_id(), 0
