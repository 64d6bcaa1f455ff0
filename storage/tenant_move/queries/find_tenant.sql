-- By id or name.
SELECT t.tenant_id, t.name, t.state, t.version,
       ARRAY(SELECT h.host_name FROM gatehouse.tenant_host h WHERE h.tenant_id = t.tenant_id ORDER BY h.host_name)::text
FROM gatehouse.tenant t
WHERE t.tenant_id::text = lower($1) OR t.name = $1

-- Not measured: once, when a tenant moves.
