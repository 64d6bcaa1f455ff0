-- What a CREATE INDEX CONCURRENTLY that did not finish leaves behind.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'gatehouse' AND NOT i.indisvalid AND c.relkind = 'i'
ORDER BY 1
