-- In the place of user/lock_identifiers.sql, for many: all names of the tenant at once, which those who change one of them hold
-- shared. A lock for each name of a batch would, with some batches at a time, take up all that Postgres has for everybody.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || ' names', 0))

-- For example: tenant()
