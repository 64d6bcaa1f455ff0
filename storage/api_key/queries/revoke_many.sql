-- All of them or, if one has been revoked before, everything in the batch is undone.
WITH revoked AS (
  UPDATE gatehouse.api_key
  SET revoke_time = $3
  WHERE tenant_id = $1 AND api_key_id = ANY ($2) AND revoke_time IS NULL
  RETURNING api_key_id)
SELECT gatehouse.require(count(*) = cardinality($2::uuid[]), 'ETAG_MISMATCH')
FROM revoked

-- For example: tenant(), ARRAY[id($row)], present()
