-- Only if no key of the tenant starts as late: of two instances that rotate at
-- once, the second finds the first one's key and gives way.
WITH made AS (
  INSERT INTO gatehouse.signing_key (
    tenant_id, key_id, algorithm, public_key, private_key, create_time, active_from)
  SELECT $1, $2, $3, $4, $5, $6, $7
  WHERE NOT EXISTS (
    SELECT FROM gatehouse.signing_key WHERE tenant_id = $1 AND active_from >= $7)
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM made) = 1, 'CONFLICT');

-- For example: tenant(), 'new', 'ES256', '', '', present(), present() + interval '1 s'
