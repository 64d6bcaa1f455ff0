INSERT INTO gatehouse.event
  (tenant_id, event_id, type, outcome, actor_type, actor_id, actor_label, targets, ip_address,
   user_agent, request_id, trace_id, session_id, details, occurred_time, recorded_time,
   leaf_secret, leaf_hash, has_envelope)
SELECT *
FROM unnest(
  $1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[],
  $8::jsonb[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::jsonb[],
  $15::timestamptz[], $16::timestamptz[], $17::bytea[], $18::bytea[], $19::boolean[])

-- For example: $event
