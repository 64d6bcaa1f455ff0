-- The days of table $1, in days since 1970-01-01, with how large they are; how many rows is what Postgres has last found.
SELECT p.name, p.day - date '1970-01-01', p.sealed, pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
FROM gatehouse.partition_days($1) p
JOIN pg_class c ON c.oid = ('gatehouse.' || p.name)::regclass
ORDER BY p.day

-- Not measured: reads what the database knows of its tables, a row for each day that is kept.
