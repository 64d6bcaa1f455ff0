#ifndef GATEHOUSE_SERVICE_ADMIN_OPERATOR_RULES_H_
#define GATEHOUSE_SERVICE_ADMIN_OPERATOR_RULES_H_

#include "absl/status/status.h"
#include "auth/permission/permissions.h"
#include "base/principal.h"

namespace gatehouse::service {

// PERMISSION_DENIED unless the caller is of the default tenant: the server is not another
// tenant's, whatever its administrators may do there.
inline absl::Status RequireOperator(const base::Principal& principal, auth::Permission permission) {
  if (principal.tenant_id == base::kDefaultTenantId) return absl::OkStatus();
  return auth::PermissionDenied(auth::PermissionName(permission));
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ADMIN_OPERATOR_RULES_H_
