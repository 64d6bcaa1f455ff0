-- One command at a time moves a tenant. The lock ends with its connection.
SELECT pg_advisory_lock(hashtextextended('gatehouse.tenant_move', hashtext($1::text)))

-- Not measured: takes a lock, once, when a tenant moves.
