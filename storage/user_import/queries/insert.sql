-- As user/insert.sql, for many. $20: now.
WITH guarded AS MATERIALIZED (
  SELECT gatehouse.require(
    NOT EXISTS (SELECT FROM gatehouse.user_purge WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])), 'CONFLICT')
)
INSERT INTO gatehouse.user_account
  (tenant_id, user_id, username, username_key, email, email_key, first_name, last_name, bio,
   avatar_url, timezone, locale, metadata, role, state, password_hash, password_change_time, epoch,
   email_verified_time, last_login_time, create_time, update_time, version)
SELECT $1, u.user_id, u.username, u.username_key, u.email, u.email_key, u.first_name, u.last_name, u.bio,
       u.avatar_url, u.timezone, u.locale, u.metadata, u.role, u.state, u.password_hash,
       CASE WHEN u.password_hash IS NOT NULL THEN $20::timestamptz END, 1,
       u.email_verified_time, u.last_login_time, u.create_time, $20, 1
FROM guarded, unnest(
  $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
  $11::text[], $12::text[], $13::jsonb[], $14::text[], $15::integer[], $16::text[], $17::timestamptz[],
  $18::timestamptz[], $19::timestamptz[])
  AS u (user_id, username, username_key, email, email_key, first_name, last_name, bio, avatar_url,
        timezone, locale, metadata, role, state, password_hash, email_verified_time, last_login_time, create_time)

-- For example: tenant(), ARRAY[new_id()], '{new}', '{new}', '{new@example.com}', '{new@example.com}', '{""}', '{""}', '{""}',
--   '{""}', '{""}', '{""}', '{"{}"}', '{viewer}', '{1}', '{hash}', '{NULL}', '{NULL}', ARRAY[present()], present()
