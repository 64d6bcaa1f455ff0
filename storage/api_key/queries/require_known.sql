-- That none but $4 is good at $3: in the transaction that deletes $2, when its row and those of $4 are locked, so that no more are
-- made (require_creator.sql).
WITH RECURSIVE
-- include made.sql.part
SELECT gatehouse.require(
  NOT EXISTS (
    SELECT FROM gatehouse.api_key
    WHERE tenant_id = $1 AND api_key_id IN (SELECT api_key_id FROM made) AND api_key_id <> ALL ($4)
      AND revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $3)),
  'ETAG_MISMATCH')

-- For example: tenant(), id($row), present(), ARRAY[id($row)]
