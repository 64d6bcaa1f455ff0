-- Guarded by the version that the change was made from. $19 raises the epoch:
-- every token of the user dies.
WITH updated AS (
  UPDATE gatehouse.user_account
  SET username = $4, username_key = $5, email = $6, email_key = $7, first_name = $8, last_name = $9,
      bio = $10, avatar_url = $11, timezone = $12, locale = $13, metadata = $14, role = $15,
      state = $16::integer, email_verified_time = $17, update_time = $18, epoch = epoch + $19,
      version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND delete_time IS NULL
  RETURNING epoch)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH'), max(epoch)
FROM updated

-- For example: tenant(), id($row), 1, 'new', 'new', 'new@example.com', 'new@example.com', '', '', '', '', '', '', '{}',
--   'viewer', 1, NULL, present(), 1
