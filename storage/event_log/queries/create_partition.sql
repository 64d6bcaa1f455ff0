-- $1: the partitioned table. $2: its column of ids. $3: days since 1970-01-01. Whether it was missing. A day of events that is gone
-- gets no table again, whatever the clock of this server says.
SELECT CASE WHEN $1 = 'event' AND gatehouse.first_id_of(date '1970-01-01' + $3::integer) < (SELECT kept_from FROM gatehouse.event_cut)
  THEN false ELSE gatehouse.create_daily_partition($1, $2, date '1970-01-01' + $3::integer) END

-- Not measured: makes a table, once a day.
