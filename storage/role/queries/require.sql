-- A user's role that is not built in must be one of the tenant's own.
SELECT gatehouse.require(
  EXISTS (SELECT FROM gatehouse.role WHERE tenant_id = $1 AND name = $2), 'ROLE_NOT_FOUND')

-- For example: tenant(), 'role-7'
