DROP TABLE gatehouse.one_time_token;
