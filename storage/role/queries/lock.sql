-- Goes before delete.sql, which sees only what was committed before it began: whoever is giving somebody the role now is
-- waited for here.
WITH locked AS (
  SELECT FROM gatehouse.role WHERE tenant_id = $1 AND name = $2 AND version = $3 FOR UPDATE)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH')
FROM locked

-- For example: tenant(), 'role-7', 1
