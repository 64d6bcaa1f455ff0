-- As find_live.sql, for a key that was proven in another way than by showing it.
WITH live AS (
  SELECT
    -- include columns.sql.part
  FROM gatehouse.api_key
  WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $3)),
used AS (
  UPDATE gatehouse.api_key
  SET last_used_time = $4
  FROM live
  WHERE api_key.tenant_id = $1 AND api_key.api_key_id = live.api_key_id
    AND (live.last_used_time IS NULL OR live.last_used_time < $4))
SELECT
  -- include columns.sql.part
FROM live

-- For example: tenant(), id($row), present(), present()
