-- gatehouse: no-transaction
-- Which sessions of a user ended lately, among all that ever did. Written when one is ended, not by logins and refreshes.
CREATE INDEX CONCURRENTLY session_revoked ON gatehouse.session (tenant_id, user_id, revoke_time)
  WHERE revoke_time IS NOT NULL;
