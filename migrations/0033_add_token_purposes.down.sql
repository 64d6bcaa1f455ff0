DELETE FROM gatehouse.one_time_token WHERE purpose IN (4, 5);
ALTER TABLE gatehouse.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE gatehouse.one_time_token ADD CONSTRAINT one_time_token_purpose_check CHECK (purpose IN (1, 2, 3));
