-- $6: the version this replaces; 0: none, so that what the event calls a creation is one.
WITH written AS (
  INSERT INTO gatehouse.role (tenant_id, name, permissions, create_time, update_time, version)
  VALUES ($1, $2, $3, $4, $5, $6 + 1)
  ON CONFLICT (tenant_id, name) DO UPDATE
  SET permissions = excluded.permissions, update_time = excluded.update_time, version = excluded.version
  WHERE role.version = $6
  RETURNING version)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM written

-- For example: tenant(), 'role-7', '{}', present(), present(), 1
