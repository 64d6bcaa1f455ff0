DROP INDEX gatehouse.api_key_former_hash;
ALTER TABLE gatehouse.api_key
  DROP COLUMN former_key_hash,
  DROP COLUMN former_expire_time,
  DROP COLUMN rotate_time,
  DROP COLUMN ends_with_creator;
DROP TABLE gatehouse.passkey_challenge;
DROP TABLE gatehouse.passkey;
