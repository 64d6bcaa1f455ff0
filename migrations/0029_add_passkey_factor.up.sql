-- Whether logins of a user by password ask for one of its passkeys; user_account.second_factor_time is set then, as it is for who
-- has an authenticator app.
ALTER TABLE gatehouse.user_account ADD COLUMN passkey_second_factor boolean NOT NULL DEFAULT false;
