-- The new ones are none of the old ones: all are random.
WITH removed AS (
  DELETE FROM gatehouse.recovery_code
  WHERE tenant_id = $1 AND user_id = $2)
INSERT INTO gatehouse.recovery_code (tenant_id, user_id, code_hash)
SELECT $1, $2, code_hash FROM unnest($3::bytea[]) AS code_hash

-- For example: tenant(), id($row / 100 * 100 + 1), ARRAY[hash(-1), hash(-2)]
