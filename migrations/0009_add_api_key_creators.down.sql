DROP INDEX gatehouse.api_key_creator;
ALTER TABLE gatehouse.api_key DROP COLUMN creator_id;
