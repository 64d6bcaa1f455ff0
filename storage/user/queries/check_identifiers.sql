-- One may log in by username or by email, so no username may be somebody
-- else's email or the other way round: it would take over their login.
SELECT
  gatehouse.require(
    NOT EXISTS (
      SELECT FROM gatehouse.user_account
      WHERE tenant_id = $1 AND email_key = $3 AND delete_time IS NULL AND user_id <> $2),
    'USERNAME_TAKEN'),
  gatehouse.require(
    NOT EXISTS (
      SELECT FROM gatehouse.user_account
      WHERE tenant_id = $1 AND username_key = $4 AND delete_time IS NULL AND user_id <> $2),
    'EMAIL_TAKEN')

-- For example: tenant(), id($row), username($row), email($row)
