-- gatehouse: no-transaction
-- A login counts the live sessions of its user, among which those that were ended do not stand.
CREATE INDEX CONCURRENTLY session_unrevoked ON gatehouse.session (tenant_id, user_id, session_id)
  WHERE revoke_time IS NULL;
