-- Held until this is committed: of two that add a passkey at a time the second counts what the first one added.
SELECT gatehouse.require(
  (SELECT true FROM gatehouse.user_account
   WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL FOR UPDATE),
  'USER_NOT_FOUND')

-- For example: tenant(), id($row / 100 * 100 + 1)
