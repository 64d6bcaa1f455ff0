SELECT gatehouse.fence_tenant($1::uuid)

-- Not measured: once, when a tenant moves.
