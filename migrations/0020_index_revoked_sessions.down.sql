-- gatehouse: no-transaction
DROP INDEX CONCURRENTLY gatehouse.session_revoked;
