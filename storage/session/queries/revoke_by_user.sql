-- Live ones only: what ended by itself keeps saying so. $6: how many must end, or
-- everything in the batch is undone.
WITH ended AS (
  UPDATE gatehouse.session
  SET revoke_time = $4, revoke_reason = $5, update_time = $4, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND session_id IS DISTINCT FROM $3::uuid
    AND revoke_time IS NULL AND expire_time > $4 AND idle_expire_time > $4
  RETURNING session_id)
SELECT gatehouse.require(count(*) >= $6::bigint, 'SESSION_NOT_FOUND'),
       coalesce(array_agg(session_id), '{}')
FROM ended
