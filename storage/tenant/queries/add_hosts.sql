-- TENANT_TAKEN if another tenant has one of them. In one order for everybody, so that no two wait for each other.
WITH made AS (
  INSERT INTO gatehouse.tenant_host (host_name, tenant_id)
  SELECT host_name, $1 FROM unnest($2::text[]) AS host (host_name) ORDER BY host_name
  ON CONFLICT (host_name) DO UPDATE SET tenant_id = gatehouse.tenant_host.tenant_id
  RETURNING tenant_id)
SELECT gatehouse.require(coalesce(bool_and(tenant_id = $1), true), 'TENANT_TAKEN')
FROM made

-- For example: tenant(), '{a.example.com}'
