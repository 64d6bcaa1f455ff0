-- CONFLICT if there is one of that name, so that what the event calls a creation is one.
WITH made AS (
  INSERT INTO gatehouse.role (tenant_id, name, permissions, create_time, update_time, version)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tenant_id, name) DO NOTHING
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM made

-- For example: tenant(), 'role-new', '{}', present(), present(), 1
