DELETE FROM gatehouse.one_time_token WHERE purpose = 3;
ALTER TABLE gatehouse.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE gatehouse.one_time_token ADD CONSTRAINT one_time_token_purpose_check CHECK (purpose IN (1, 2));

DROP TABLE gatehouse.alert_notice;
DROP TABLE gatehouse.alert_destination;
DROP TABLE gatehouse.mail;
