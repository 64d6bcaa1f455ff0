-- Notes the use as well, to the minute ($4), so that it is written at most once
-- a minute however often the key is used. The secret before a rotation is good until its own end.
-- May run again: the second time the use is noted already.
WITH found AS (
  SELECT
    -- include columns.sql.part
    , expire_time AS good_until
  FROM gatehouse.api_key
  WHERE tenant_id = $1 AND key_hash = $2 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $3)
  UNION ALL
  SELECT
    -- include columns.sql.part
    , least(expire_time, former_expire_time)
  FROM gatehouse.api_key
  WHERE tenant_id = $1 AND former_key_hash = $2 AND former_expire_time > $3 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $3)
), live AS (
  -- A key that ends with the user who made it is good only while that user is.
  SELECT * FROM found
  WHERE NOT ends_with_creator OR EXISTS (
    SELECT FROM gatehouse.user_account u
    WHERE u.tenant_id = $1 AND u.user_id = found.creator_id AND u.state = 1 AND u.delete_time IS NULL)
), used AS (
  UPDATE gatehouse.api_key
  SET last_used_time = $4
  FROM live
  WHERE api_key.tenant_id = $1 AND api_key.api_key_id = live.api_key_id
    AND (live.last_used_time IS NULL OR live.last_used_time < $4))
SELECT
  -- include columns.sql.part
  , good_until
FROM live

-- For example: tenant(), hash($row), present(), present()
-- For example: tenant(), hash(-($row / 5 * 5 + 1)), at(1), present()
