-- $11: the most that may run at a time.
INSERT INTO gatehouse.webhook_replay
  (tenant_id, replay_id, endpoint_id, first_index, last_index, event_types, outcomes, max_per_second, state, failure, hold,
   position, paced_until, matched_count, scheduled_count, create_time, version)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1, '', 0, $4::bigint - 1, $9, 0, 0, $10, 1
FROM (
  SELECT gatehouse.require(
    (SELECT count(*) FROM gatehouse.webhook_replay WHERE tenant_id = $1 AND state IN (1, 2)) < $11::bigint, 'LIMIT_REACHED')
) AS guard

-- For example: tenant(), new_id(), endpoint_id(1), 1, 100, '{type.1}', '{3,4}', 10, present(), present(), 20
