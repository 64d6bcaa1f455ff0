-- Milliseconds, between two looks at what servers are still at.
SELECT pg_sleep($1::float8 / 1000)

-- Not measured: it waits.
