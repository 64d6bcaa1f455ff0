-- TENANT_TAKEN if another one has the name.
WITH made AS (
  INSERT INTO gatehouse.tenant (tenant_id, name, display_name, state, moved_to, labels, create_time, update_time, version)
  VALUES ($1, $2, $3, $4::integer, $5, $6, $7, $8, $9)
  ON CONFLICT (name) DO NOTHING
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'TENANT_TAKEN')
FROM made

-- For example: new_id(), 'another', '', 1, '', '{}', present(), present(), 1
