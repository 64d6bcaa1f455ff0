-- $1: days since 1970-01-01. Aborts the change that tells of it if there is nothing to do, or if it has to wait.
SELECT gatehouse.require(gatehouse.cut_event_log(date '1970-01-01' + $1::integer), 'CONFLICT')

-- Not measured: closes days of events, once a day.
