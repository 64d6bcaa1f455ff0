-- Notes the use as well, to the minute ($4), so that it is written at most once
-- a minute however often the key is used.
WITH live AS (
  SELECT
    -- include columns.sql.part
  FROM gatehouse.api_key
  WHERE tenant_id = $1 AND key_hash = $2 AND revoke_time IS NULL
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

-- For example: tenant(), hash($row), present(), present()
