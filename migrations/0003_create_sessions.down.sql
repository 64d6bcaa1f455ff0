DROP TABLE gatehouse.signing_key;
DROP TABLE gatehouse.session;
