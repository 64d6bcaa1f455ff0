-- The same password under the current parameters: no change a caller can see.
UPDATE gatehouse.user_account SET password_hash = $3 WHERE tenant_id = $1 AND user_id = $2;
