-- Takes the user $2 out of events, one array for each column; $5 the places of targets, as the text of an array. Counts them.
WITH erased AS (
  SELECT gatehouse.erase_event($1, e.event, e.place, e.person, e.origin, e.about::integer[], e.data, e.former, e.secret) AS done
  FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::boolean[], $7::boolean[], $8::boolean[], $9::bytea[], $10::bytea[])
    AS e (event, place, about, person, origin, data, former, secret)
), counted AS (
  UPDATE gatehouse.user_purge
  SET erased_events = erased_events + (SELECT count(*) FROM erased WHERE done)
  WHERE tenant_id = $1 AND user_id = $2
)
-- Somebody else was erased from one of them meanwhile.
SELECT gatehouse.require(bool_and(done), 'CONFLICT')
FROM erased

-- Not measured: by the keys of rows, in a function.
