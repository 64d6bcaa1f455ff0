DROP TABLE gatehouse.session_end;
ALTER TABLE gatehouse.user_account DROP COLUMN unstamped_ended;
ALTER TABLE gatehouse.session DROP COLUMN user_epoch;
