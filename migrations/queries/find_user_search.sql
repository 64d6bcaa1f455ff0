-- Whether the table of users is there; of the index that finds parts of their names whether it is there, and complete; whether
-- Postgres has the extensions for it. An old table lacks nothing that the index is of.
SELECT to_regclass('gatehouse.user_account') IS NOT NULL,
       EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('gatehouse.user_account_search')),
       EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('gatehouse.user_account_search') AND indisvalid),
       (SELECT count(*) = 2 FROM pg_catalog.pg_available_extensions WHERE name IN ('btree_gin', 'pg_trgm'))
