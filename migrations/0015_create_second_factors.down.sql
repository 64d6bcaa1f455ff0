DROP TABLE gatehouse.recovery_code;
DROP TABLE gatehouse.totp_factor;
ALTER TABLE gatehouse.user_account DROP COLUMN second_factor_time;
