-- Live ones only: what ended by itself keeps saying so. $6: how many must end, or
-- everything in the batch is undone. $7: how many are marked here at most, for a user whose epoch was raised in the
-- same transaction: the others have ended by that, and mark_ended.sql marks them.
WITH slice AS (
  SELECT session_id
  FROM gatehouse.session
  WHERE tenant_id = $1 AND user_id = $2 AND session_id IS DISTINCT FROM $3::uuid
    AND revoke_time IS NULL AND expire_time > $4 AND idle_expire_time > $4
  ORDER BY session_id DESC
  LIMIT $7::bigint
), ended AS (
  UPDATE gatehouse.session s
  SET revoke_time = $4, revoke_reason = $5, update_time = $4, version = version + 1
  FROM slice
  WHERE s.tenant_id = $1 AND s.session_id = slice.session_id AND s.revoke_time IS NULL
  RETURNING s.session_id
), rest AS (
  UPDATE gatehouse.user_account
  SET unstamped_ended = true
  WHERE tenant_id = $1 AND user_id = $2 AND (SELECT count(*) FROM slice) = $7
  RETURNING epoch
), later AS (
  INSERT INTO gatehouse.session_end (tenant_id, user_id, epoch, reason, end_time, position)
  SELECT $1, $2, epoch, $5, $4, '00000000-0000-0000-0000-000000000000'
  FROM rest
  ON CONFLICT (tenant_id, user_id) DO UPDATE
  SET epoch = excluded.epoch, reason = excluded.reason, end_time = excluded.end_time,
      position = excluded.position
)
SELECT gatehouse.require(count(*) >= $6::bigint, 'SESSION_NOT_FOUND'),
       coalesce(array_agg(session_id), '{}')
FROM ended

-- For example: tenant(), user_of_session($row), NULL, present(), 'logout', 1, 1000
