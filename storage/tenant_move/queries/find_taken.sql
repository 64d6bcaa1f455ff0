-- What of the names of a tenant others have: $1 the tenant, $2 its name, $3 its hosts. With how many tenants there are.
SELECT (SELECT t.name FROM gatehouse.tenant t WHERE t.name = $2 AND t.tenant_id <> $1::uuid),
       (SELECT min(h.host_name) FROM gatehouse.tenant_host h WHERE h.host_name = ANY ($3::text[]) AND h.tenant_id <> $1::uuid),
       (SELECT count(*) FROM gatehouse.tenant)

-- Not measured: once, when a tenant moves.
