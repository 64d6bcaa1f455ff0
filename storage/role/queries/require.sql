-- A user's role that is not built in must be one of the tenant's own. It is held until this is committed: nobody deletes it
-- while somebody gets it.
SELECT gatehouse.require(
  (SELECT true FROM gatehouse.role WHERE tenant_id = $1 AND name = $2 FOR KEY SHARE) IS NOT NULL, 'ROLE_NOT_FOUND')

-- For example: tenant(), 'role-7'
