-- The same secrets under another key, where they are still as they were read.
UPDATE gatehouse.totp_factor f
SET secret = n.resealed
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) AS n (tenant_id, user_id, before, resealed)
WHERE f.tenant_id = n.tenant_id AND f.user_id = n.user_id AND f.secret = n.before

-- For example: ARRAY[tenant()], ARRAY[id($row)], ARRAY[hash(1)], ARRAY[hash(2)]
