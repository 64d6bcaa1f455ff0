UPDATE gatehouse.session
SET revoke_time = $3, revoke_reason = $4, update_time = $3, version = version + 1
WHERE tenant_id = $1 AND session_id = $2 AND revoke_time IS NULL
RETURNING session_id, user_id
