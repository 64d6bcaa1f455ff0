-- One that is good at $3: what has ended by itself does not change any more.
WITH revoked AS (
  UPDATE gatehouse.api_key
  SET revoke_time = $3
  WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $3)
  RETURNING api_key_id)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM revoked

-- For example: tenant(), id($row), present()
