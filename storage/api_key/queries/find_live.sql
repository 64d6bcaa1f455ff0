-- Notes the use as well, to the minute ($4), so that it is written at most once
-- a minute however often the key is used. The secret before a rotation is good until its own end.
-- A built-in role has no row, hence no owner_permissions.
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
),
-- include live.sql.part
SELECT
  -- include columns.sql.part
  , good_until, owner_role, owner_permissions
FROM live

-- For example: tenant(), hash($row), present(), present()
-- For example: tenant(), hash(-($row / 5 * 5 + 1)), at(1), present()
