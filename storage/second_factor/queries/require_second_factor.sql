-- Held until this is committed: of two that make recovery codes at a time the later one's are good.
SELECT gatehouse.require(
  (SELECT second_factor_time FROM gatehouse.user_account
   WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL FOR UPDATE) IS NOT NULL,
  'SECOND_FACTOR_STATE')

-- For example: tenant(), id($row / 100 * 100 + 1)
