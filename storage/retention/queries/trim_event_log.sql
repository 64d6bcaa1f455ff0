-- The next events of tenant $1, $2 at most, whose time is over. How many those were.
SELECT gatehouse.trim_event_log($1, $2::integer)

-- Not measured: looks at all consumers that pull and all endpoints of the tenant, which has so many at most, and the sample
-- more; of events at $2 by their keys.
