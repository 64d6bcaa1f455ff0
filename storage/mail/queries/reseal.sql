-- The same contents under another key, where they are still as they were read.
UPDATE gatehouse.mail m
SET content = n.resealed
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) AS n (tenant_id, mail_id, before, resealed)
WHERE m.tenant_id = n.tenant_id AND m.mail_id = n.mail_id AND m.content = n.before

-- For example: ARRAY[tenant()], ARRAY[mail_id(1)], ARRAY[hash(1)], ARRAY[hash(2)]
