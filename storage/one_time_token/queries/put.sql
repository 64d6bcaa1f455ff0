-- In the place of the user's last token of that purpose. It is bound to what the user is now: usable.sql.part. $9, $10: the
-- role and the address by which it was judged that it may be made. $11: one that was made later than this is not replaced.
WITH put AS (
  INSERT INTO gatehouse.one_time_token (tenant_id, user_id, purpose, token_hash, email, email_key, create_time, expire_time,
    role, password_change_time, former_email_key)
  SELECT tenant_id, user_id, $3::integer, $4, $5, $6, $7, $8, role, password_change_time, user_account.email_key
  FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND role = $9
    AND user_account.email_key IS NOT DISTINCT FROM $10
  ON CONFLICT (tenant_id, user_id, purpose) DO UPDATE
  SET token_hash = excluded.token_hash, email = excluded.email, email_key = excluded.email_key,
      create_time = excluded.create_time, expire_time = excluded.expire_time, role = excluded.role,
      password_change_time = excluded.password_change_time, former_email_key = excluded.former_email_key
  WHERE one_time_token.create_time <= $11
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM put

-- For example: tenant(), id($row / 50 * 50 + 1), 1, hash(1), NULL, NULL, present(), present(), 'viewer', email($row / 50 * 50 + 1),
--   'infinity'
