-- $1: today, in days since 1970-01-01. Seals one partition of events of a day that is over; whether there was one that could be.
SELECT gatehouse.seal_event_day(date '1970-01-01' + $1::integer)

-- Not measured: closes a table, once a day.
