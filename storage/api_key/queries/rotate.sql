-- Another secret, $4 with the prefix $3; the one before is good until $5. $6: now. $7: when the one was made that was read.
WITH rotated AS (
  UPDATE gatehouse.api_key
  SET key_prefix = $3, key_hash = $4, former_key_hash = key_hash, former_expire_time = $5, rotate_time = $6
  WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $6)
    AND rotate_time IS NOT DISTINCT FROM $7::timestamptz
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM rotated

-- For example: tenant(), id($row), 'prefix', hash(0), present(), present(), NULL
