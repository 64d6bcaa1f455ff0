-- Takes a user off the list of whom nothing is left. Not if something is, or another server was first.
WITH done AS (
  DELETE FROM gatehouse.user_purge p
  WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.erase = $3
    AND NOT EXISTS (SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2)
    AND NOT EXISTS (SELECT FROM gatehouse.session WHERE tenant_id = $1 AND user_id = $2)
    AND NOT EXISTS (SELECT FROM gatehouse.thread WHERE tenant_id = $1 AND user_id = $2)
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'CONFLICT')
FROM done

-- Not measured: by keys alone; none of the sample is over.
