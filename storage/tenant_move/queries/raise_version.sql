-- Above the one that servers of the target may know it by, of when it was here before.
UPDATE gatehouse.tenant SET version = greatest(version, $2::bigint + 1) WHERE tenant_id = $1::uuid

-- Not measured: once, when a tenant moves.
