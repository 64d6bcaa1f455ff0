-- The tables that have the rows of table $1: itself, or its partitions.
SELECT p.relid::regclass::text FROM pg_partition_tree(('gatehouse.' || $1)::regclass) p WHERE p.isleaf

-- Not measured: reads the catalogue.
