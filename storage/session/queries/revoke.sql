-- Ends one session that is live. Nothing to end takes back what is in the batch beside it:
-- there is no event without a change, and what has expired does not change any more.
WITH ended AS (
  UPDATE gatehouse.session
  SET revoke_time = $3, revoke_reason = $4, update_time = $3, version = version + 1
  WHERE tenant_id = $1 AND session_id = $2
    AND revoke_time IS NULL AND idle_expire_time > $3 AND expire_time > $3
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM ended) = 1, 'SESSION_NOT_FOUND');

-- For example: tenant(), id($row), present(), 'logout'
