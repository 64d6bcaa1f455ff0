-- On the connection with which instance $1 stands and falls: $2 is the key of the lock that this connection holds from
-- now on. First the lock, so that nobody sees the row without it.
WITH locked AS MATERIALIZED (SELECT pg_advisory_lock($2::bigint))
INSERT INTO gatehouse.deliverer (instance_id, lock_key)
SELECT $1::uuid, $2 FROM locked
ON CONFLICT (instance_id) DO UPDATE SET lock_key = excluded.lock_key

-- For example: endpoint_id(0), 1
