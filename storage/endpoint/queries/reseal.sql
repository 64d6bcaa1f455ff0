-- The same values under another key. Nobody sees a change, so the version stays. $6 to $8: as they were read.
UPDATE gatehouse.endpoint
SET headers = $3, secrets = $4, key_pairs = $5
WHERE tenant_id = $1 AND endpoint_id = $2 AND headers = $6 AND secrets = $7 AND key_pairs = $8

-- For example: tenant(), endpoint_id(1), '', ARRAY[hash(1)], ARRAY[hash(1)], '', ARRAY[hash(2)], ARRAY[hash(2)]
