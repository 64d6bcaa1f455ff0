-- $1: days since 1970-01-01.
SELECT gatehouse.drop_attempt_day(date '1970-01-01' + $1::integer)

-- Not measured: drops a table, once a day.
