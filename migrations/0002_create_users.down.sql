DROP TABLE gatehouse.api_key;
DROP TABLE gatehouse.role;
DROP TABLE gatehouse.user_account;
