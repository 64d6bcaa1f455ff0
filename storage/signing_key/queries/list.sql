-- Every key of every tenant: verification looks keys up by id alone.
SELECT tenant_id, key_id, algorithm, public_key, private_key, create_time, active_from, retired_at
FROM gatehouse.signing_key;

-- Not measured: reads every signing key: a few live at a time.
