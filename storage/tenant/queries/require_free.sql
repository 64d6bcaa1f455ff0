-- For who checks without writing. $1: the tenant itself, or nil.
SELECT gatehouse.require(
  NOT EXISTS (SELECT FROM gatehouse.tenant WHERE name = $2 AND tenant_id <> $1)
  AND NOT EXISTS (SELECT FROM gatehouse.tenant_host WHERE host_name = ANY ($3::text[]) AND tenant_id <> $1),
  'TENANT_TAKEN')

-- For example: tenant(), 'another', '{a.example.com}'
