-- In the order of usernames, those of whom $3, a pattern of LIKE, is a part of the username, the address or the name. How many are
-- found, up to $8, is in every row; without a user on the page in one that has nothing else.
--
-- All are found before the first $8 of them are ordered: with a LIMIT inside, Postgres might hope to meet so many by chance, and
-- go through all accounts.
WITH matching AS MATERIALIZED (
  SELECT
    -- include columns.sql.part
    , CASE WHEN pg_column_compression(metadata) IS NULL
    THEN pg_column_size(metadata) ELSE octet_length(metadata::text) END AS bytes
  FROM gatehouse.user_account
  WHERE tenant_id = $1 AND delete_time IS NULL
    -- As in the index (migrations/user_search.cc).
    AND lower(username || E'\n' || coalesce(email, '') || E'\n' || first_name || ' ' || last_name) LIKE lower($3)
), candidate AS MATERIALIZED (
  SELECT
    -- include columns.sql.part
    , bytes
  FROM matching
  LIMIT $8
)
SELECT
  -- include columns.sql.part
  , found, (SELECT count(*) FROM candidate)
FROM (SELECT 1) AS one
LEFT JOIN (
  SELECT
    -- include columns.sql.part
    , sum(bytes) OVER (ORDER BY username_key ROWS UNBOUNDED PRECEDING) - bytes AS before,
    count(*) OVER () AS found
  FROM (
    SELECT
      -- include columns.sql.part
      , bytes
    FROM candidate
    WHERE username_key > $2 AND ($5::text IS NULL OR role = $5) AND ($6::integer IS NULL OR state = $6)
    ORDER BY username_key
    LIMIT $4) AS page) AS page ON before < $7
ORDER BY username_key

-- For example: tenant(), '', '%xanth%', 51, NULL, NULL, 3145728, 1001
