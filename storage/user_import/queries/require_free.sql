-- As user/check_identifiers.sql, for many: none of the usernames $2 may be somebody's email address, and none of the
-- addresses $3 somebody's username.
SELECT
  gatehouse.require(
    NOT EXISTS (
      SELECT FROM unnest($2::text[]) AS name (key)
      JOIN LATERAL (
        SELECT FROM gatehouse.user_account
        WHERE tenant_id = $1 AND email_key = name.key AND delete_time IS NULL) AS u ON true),
    'CONFLICT'),
  gatehouse.require(
    NOT EXISTS (
      SELECT FROM unnest($3::text[]) AS name (key)
      JOIN LATERAL (
        SELECT FROM gatehouse.user_account
        WHERE tenant_id = $1 AND username_key = name.key AND delete_time IS NULL) AS u ON true),
    'CONFLICT')

-- For example: tenant(), ARRAY[username($row)], ARRAY[email($row)]
