-- The idempotency keys of a group of events. One that was used before takes the whole group back; EventStore then finds it
-- by halving.
INSERT INTO gatehouse.request (tenant_id, principal_id, request_id, method, request_hash, response, create_time)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[], $7::timestamptz[])

-- For example: ARRAY[tenant()], ARRAY[principal_of_request($row)], ARRAY[new_id()], '{m}', ARRAY[hash(1)],
--   ARRAY[hash(1)], ARRAY[present()]
