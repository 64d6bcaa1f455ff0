-- All but those of $2.
DELETE FROM gatehouse.tenant_host WHERE tenant_id = $1 AND host_name <> ALL ($2::text[])

-- For example: tenant(), '{}'
