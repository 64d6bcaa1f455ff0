-- A token takes the place of its user's last one of the same purpose. So what sets a password has one for each way in which it comes
-- about: 4 an invitation, 5 a reset that somebody asked for without a login; 1 is a reset that a trusted caller made.
ALTER TABLE gatehouse.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE gatehouse.one_time_token ADD CONSTRAINT one_time_token_purpose_check CHECK (purpose BETWEEN 1 AND 5);
