-- An id is taken until nothing is left of who had it: what goes by turns (user_purge) would take from the new user as well.
WITH guarded AS MATERIALIZED (
  SELECT gatehouse.require(
    NOT EXISTS (SELECT FROM gatehouse.user_purge WHERE tenant_id = $1 AND user_id = $2), 'ID_TAKEN')
)
INSERT INTO gatehouse.user_account
  (tenant_id, user_id, username, username_key, email, email_key, first_name, last_name, bio,
   avatar_url, timezone, locale, metadata, role, state, password_hash, password_change_time, epoch,
   create_time, update_time, version)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::integer, $16, $17, $18,
       $19, $20, $21
FROM guarded

-- For example: tenant(), new_id(), 'new', 'new', 'new@example.com', 'new@example.com', '', '', '', '', '', '', '{}',
--   'viewer', 1, 'hash', present(), 1, present(), present(), 1
