-- Whether users can be searched (`gatehouse migrate up` makes the index where it can), and whether the index helps to find $1:
-- by three letters or digits in a row, as far as the locale of the database knows letters.
SELECT coalesce((SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('gatehouse.user_account_search')), false),
       $1::text ~ '[[:alnum:]]{3}'

-- Not measured: it reads the catalog alone.
