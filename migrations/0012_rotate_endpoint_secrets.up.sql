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

-- Ed25519 beside it: pairs of a private and a public key, each sealed under the master key, with the same details. None
-- until the scheme of an endpoint asks for one.
ALTER TABLE gatehouse.endpoint
  -- gatehouse.v1.SignatureScheme: 1 V1, 2 V1A, 3 V1_AND_V1A.
  ADD COLUMN signature_scheme      smallint NOT NULL DEFAULT 1 CHECK (signature_scheme IN (1, 2, 3)),
  ADD COLUMN key_pairs             bytea[] NOT NULL DEFAULT '{}' CHECK (cardinality(key_pairs) <= 3),
  ADD COLUMN key_pair_ids          uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN key_pair_create_times timestamptz[] NOT NULL DEFAULT '{}',
  ADD COLUMN key_pair_expire_times timestamptz[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT endpoint_key_pair_details CHECK (
    cardinality(key_pair_ids) = cardinality(key_pairs)
    AND cardinality(key_pair_create_times) = cardinality(key_pairs)
    AND cardinality(key_pair_expire_times) = cardinality(key_pairs)),
  ADD CONSTRAINT endpoint_signature CHECK (signature_scheme = 1 OR cardinality(key_pairs) > 0);
