-- The next events of tenant $1, $2 at most, whose time is over. How many those were.
SELECT gatehouse.trim_event_log($1, $2::integer)

-- For example: tenant(), 500
