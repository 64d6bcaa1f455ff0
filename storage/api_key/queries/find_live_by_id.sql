-- As find_live.sql, for a key that was proven in another way than by showing it.
-- May run again: as find_live.sql.
WITH found AS (
  SELECT
    -- include columns.sql.part
    , expire_time AS good_until
  FROM gatehouse.api_key
  WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $3)
),
-- include live.sql.part
SELECT
  -- include columns.sql.part
  , good_until, owner_role, owner_permissions
FROM live

-- For example: tenant(), id($row), present(), present()
