-- Hashes of the passwords of users of all tenants who may log in, at most $2, of about $1 pages of the table: as many however
-- large it is, drawn at random, since users who came at one time lie together.
SELECT password_hash
FROM gatehouse.user_account TABLESAMPLE SYSTEM (
  least(100, 100.0 * $1::bigint * current_setting('block_size')::bigint
             / greatest(pg_relation_size('gatehouse.user_account'), 1))::real)
WHERE password_hash IS NOT NULL AND state = 1 AND delete_time IS NULL
ORDER BY random()
LIMIT $2

-- Not measured: reads the pages that it draws, as many in a large table as in a small one.
