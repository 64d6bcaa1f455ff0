-- Goes before check_identifiers, which sees only what was committed before it
-- began: of two users made at a time, one with a name as username and one with
-- it as email, the second waits here for the first. In one order for everybody,
-- so that no two wait for each other. Whoever imports many holds all names at once, and not
-- one by one: user_import/lock_names.sql.
SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text || ' names', 0)),
       pg_advisory_xact_lock(name.key)
FROM (
  SELECT DISTINCT hashtextextended($1::uuid::text || name, 0) AS key
  FROM unnest($2::text[]) AS name
  ORDER BY 1) AS name

-- For example: tenant(), ARRAY[username($row), email($row)]
