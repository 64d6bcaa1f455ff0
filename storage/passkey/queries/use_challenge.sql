-- Of many at a time that answer one challenge the primary key lets one in: the others wait for it. $4: now. At most $5 of those
-- that have expired go with each, so that the table holds no more than the last few minutes had. $6: the reason to refuse.
WITH expired AS (
  SELECT nonce
  FROM gatehouse.passkey_challenge
  WHERE tenant_id = $1 AND expire_time < $4
  ORDER BY expire_time
  LIMIT $5
  FOR UPDATE SKIP LOCKED
), purged AS (
  DELETE FROM gatehouse.passkey_challenge
  WHERE tenant_id = $1 AND nonce IN (SELECT nonce FROM expired)
), used AS (
  INSERT INTO gatehouse.passkey_challenge (tenant_id, nonce, expire_time)
  VALUES ($1, $2, $3)
  ON CONFLICT (tenant_id, nonce) DO NOTHING
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, $6::text)
FROM used

-- For example: tenant(), 'new', present(), present(), 4, 'LOGIN_FAILED'
