-- gatehouse: no-transaction
DROP INDEX CONCURRENTLY gatehouse.session_unrevoked;
