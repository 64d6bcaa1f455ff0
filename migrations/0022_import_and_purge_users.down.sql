DROP FUNCTION gatehouse.erase_event(uuid, uuid, bigint, boolean, boolean, integer[], boolean, bytea, bytea);
DROP TRIGGER user_account_purge ON gatehouse.user_account;
DROP FUNCTION gatehouse.queue_user_purge();
DROP TABLE gatehouse.user_purge;
DROP TABLE gatehouse.user_import;
