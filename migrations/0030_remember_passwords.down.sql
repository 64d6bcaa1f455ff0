DROP TABLE gatehouse.former_password;
