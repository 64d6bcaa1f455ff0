-- The tables that have the rows of table $1: its partitions, or itself.
SELECT p.relid::regclass::text FROM pg_partition_tree(('gatehouse.' || $1)::regclass) p WHERE p.isleaf
UNION ALL
SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid = ('gatehouse.' || $1)::regclass AND c.relkind = 'r'

-- Not measured: reads the catalogue.
