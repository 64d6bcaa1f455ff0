-- The secret of an endpoint can be replaced while the one before still signs beside it for a while.

-- Of the secret in the same place of `secrets`: its id, since when there is it, and until when it signs, which is
-- infinity for the current one. Empty arrays stand for those of a server of the version before, which makes one secret
-- with each endpoint and replaces none. A constant default rewrites nothing.
ALTER TABLE gatehouse.endpoint
  ADD COLUMN secret_ids          uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN secret_create_times timestamptz[] NOT NULL DEFAULT '{}',
  ADD COLUMN secret_expire_times timestamptz[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT endpoint_secret_details CHECK (
    cardinality(secret_ids) IN (0, cardinality(secrets))
    AND cardinality(secret_create_times) = cardinality(secret_ids)
    AND cardinality(secret_expire_times) = cardinality(secret_ids));
