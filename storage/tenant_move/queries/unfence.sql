SELECT gatehouse.unfence_tenant($1::uuid)

-- Not measured: once, when a tenant has moved.
