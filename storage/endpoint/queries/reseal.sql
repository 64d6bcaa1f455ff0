-- The same values under another key. Nobody sees a change, so the version stays. $7 to $10: as they were read.
UPDATE gatehouse.endpoint
SET headers = $3, secrets = $4, key_pairs = $5, client_key = $6
WHERE tenant_id = $1 AND endpoint_id = $2 AND headers = $7 AND secrets = $8 AND key_pairs = $9
  AND client_key IS NOT DISTINCT FROM $10

-- For example: tenant(), endpoint_id(1), '', ARRAY[hash(1)], ARRAY[hash(1)], NULL::bytea, '', ARRAY[hash(2)], ARRAY[hash(2)],
--   NULL::bytea
