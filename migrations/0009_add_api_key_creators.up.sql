-- Who made an API key: a user or another key; null for keys made before. There are few keys.
ALTER TABLE gatehouse.api_key ADD COLUMN creator_id uuid;
CREATE INDEX api_key_creator ON gatehouse.api_key (tenant_id, creator_id) WHERE creator_id IS NOT NULL;
