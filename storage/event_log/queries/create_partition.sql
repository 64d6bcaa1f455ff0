-- $1: the partitioned table. $2: its column of ids. $3: days since 1970-01-01. Whether it was missing.
SELECT gatehouse.create_daily_partition($1, $2, date '1970-01-01' + $3::integer)

-- Not measured: makes a table, once a day.
