-- The endpoints after $2 whose receivers are shown a certificate, and what the unresolved alert of kind $3 about each has told: its
-- level, 0 if nothing yet; NULL if there is none.
SELECT e.endpoint_id, e.version, e.client_certificate, CASE WHEN a.announced THEN a.level WHEN NOT a.announced THEN 0 END
FROM gatehouse.endpoint e
LEFT JOIN gatehouse.alert a
  ON a.tenant_id = e.tenant_id AND a.endpoint_id = e.endpoint_id AND a.kind = $3::integer AND a.state <> 3
WHERE e.tenant_id = $1 AND e.endpoint_id > $2 AND e.client_certificate <> ''
ORDER BY e.endpoint_id
LIMIT $4

-- For example: tenant(), endpoint_id(1), 9, 100
