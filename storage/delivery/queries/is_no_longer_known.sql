-- Whether attempts that are no longer kept can have been made to send the event $2 to the endpoint $1: as judged.sql.part has it.
SELECT coalesce(greatest($1::uuid, $2::uuid) < kept.from_id, false)
FROM (
  -- include kept.sql.part
) kept

-- For example: endpoint_id(1), id($row)
