-- The replay has got as far as $4 without anything to send, with $5 events that matched, and waits for $6. Returns whether it
-- was still as it was read ($3).
UPDATE gatehouse.webhook_replay
SET state = 2, position = $4, matched_count = matched_count + $5, hold = $6::integer, start_time = coalesce(start_time, $7),
    version = version + 1
WHERE tenant_id = $1 AND replay_id = $2 AND version = $3 AND state IN (1, 2)
RETURNING true

-- For example, after live_replay(): tenant(), id(1), 1, 100, 10, 0, present()
