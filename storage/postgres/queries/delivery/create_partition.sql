-- $1: days since 1970-01-01. Whether it was missing.
SELECT gatehouse.create_attempt_partition(date '1970-01-01' + $1::integer)
