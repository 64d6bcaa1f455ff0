WITH put AS (
  INSERT INTO gatehouse.totp_factor (tenant_id, user_id, secret, create_time, last_step)
  VALUES ($1, $2, $3, $4, 0)
  ON CONFLICT (tenant_id, user_id) DO UPDATE
  SET secret = excluded.secret, create_time = excluded.create_time, last_step = 0
  WHERE totp_factor.confirm_time IS NULL
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'SECOND_FACTOR_STATE')
FROM put

-- For example: tenant(), id($row / 100 * 100 + 2), '', present()
