-- $10: how many a user may have; those that have expired go, then those that were not used for the longest time. A login holds the
-- user's row, so of two at a time the second counts what the first one added.
WITH kept AS (
  SELECT device_id
  FROM gatehouse.remembered_device
  WHERE tenant_id = $1 AND user_id = $2 AND expire_time > $8
  ORDER BY coalesce(last_used_time, create_time) DESC
  LIMIT $10 - 1
), removed AS (
  DELETE FROM gatehouse.remembered_device
  WHERE tenant_id = $1 AND user_id = $2 AND device_id NOT IN (SELECT device_id FROM kept)
), remembered AS (
  INSERT INTO gatehouse.remembered_device (
    tenant_id, user_id, device_id, token_hash, user_epoch, second_factor_time, label, ip_address, user_agent, create_time,
    expire_time)
  SELECT $1, $2, $3, $4, epoch, second_factor_time, $5, $6, $7, $8, $9
  FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND second_factor_time IS NOT NULL
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'LOGIN_FAILED')
FROM remembered

-- For example: tenant(), id($row / 100 * 100 + 1), new_id(), hash(0), '', '', '', present(), present(), 10
