-- $1: days since 1970-01-01, as the answer.
SELECT gatehouse.next_event_cut(date '1970-01-01' + $1::integer) - date '1970-01-01'

-- Not measured: reads what the database knows of its tables, a row for each day that is kept.
