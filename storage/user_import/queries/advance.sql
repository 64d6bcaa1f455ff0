-- Moves the import from row $3 to row $4, if it stands there; one that is not there yet stands at 0.
WITH moved AS (
  INSERT INTO gatehouse.user_import AS i (tenant_id, import_key, next_row, create_time, update_time)
  SELECT $1, $2, $4, $5, $5
  WHERE $3 = 0 OR EXISTS (SELECT FROM gatehouse.user_import WHERE tenant_id = $1 AND import_key = $2)
  ON CONFLICT (tenant_id, import_key) DO UPDATE
  SET next_row = excluded.next_row, update_time = excluded.update_time
  WHERE i.next_row = $3
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM moved

-- For example: tenant(), 'new', 0, 500, present()
