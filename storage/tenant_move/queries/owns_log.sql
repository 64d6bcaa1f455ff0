-- Whether the role may do what takes the owner of the schema: fence the log, and delete from it.
SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'gatehouse.event'::regclass

-- Not measured: once, when a tenant moves.
