-- $3: when the one was made whose secret the code was compared with.
WITH confirmed AS (
  UPDATE gatehouse.totp_factor
  SET confirm_time = $5, last_step = $4
  WHERE tenant_id = $1 AND user_id = $2 AND create_time = $3 AND confirm_time IS NULL
  RETURNING 1
), shown AS (
  UPDATE gatehouse.user_account
  SET second_factor_time = $5, update_time = $5, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL AND EXISTS (SELECT FROM confirmed)
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'SECOND_FACTOR_STATE')
FROM shown

-- For example: tenant(), id($row / 100 * 100 + 51), at($row / 100 * 100 + 51), 1, present()
