WITH revoked AS (
  UPDATE gatehouse.api_key
  SET revoke_time = $3
  WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL
  RETURNING api_key_id)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM revoked

-- For example: tenant(), id($row), present()
