ALTER TABLE gatehouse.endpoint
  DROP CONSTRAINT endpoint_secret_details,
  DROP COLUMN secret_ids,
  DROP COLUMN secret_create_times,
  DROP COLUMN secret_expire_times;
