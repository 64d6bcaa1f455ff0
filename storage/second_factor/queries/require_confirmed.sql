-- Held until this is committed: of two that make recovery codes at a time the later one's are good.
SELECT gatehouse.require(
  (SELECT confirm_time FROM gatehouse.totp_factor WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE) IS NOT NULL,
  'SECOND_FACTOR_STATE')

-- For example: tenant(), id($row / 100 * 100 + 1)
