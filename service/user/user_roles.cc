// The roles of users that are a tenant's own: what they permit only the database
// knows.

#include <optional>
#include <utility>

#include "auth/permission/permissions.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

base::Task<absl::Status> UserService::RequireRoleWithinOwn(base::CallContext ctx,
                                                           std::string role) {
  if (auth::IsRole(role)) {
    co_return auth::RequireWithinOwn(ctx.principal(), auth::PermissionsOfRole(role));
  }
  // Who may do everything need not be compared, which saves the question.
  if (auth::RequireWithinOwn(ctx.principal(), auth::kAllPermissions).ok()) {
    co_return absl::OkStatus();
  }
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Role> found,
                         co_await deps_.roles.Get(ctx, ctx.principal().tenant_id, role));
  // That there is no such role is for the change itself to find.
  if (!found) co_return absl::OkStatus();
  co_return auth::RequireWithinOwn(ctx.principal(), auth::KnownPermissions(found->permissions));
}

base::Task<absl::Status> UserService::CheckRoleExists(base::CallContext ctx, std::string role) {
  if (auth::IsRole(role)) co_return absl::OkStatus();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Role> found,
                         co_await deps_.roles.Get(ctx, ctx.principal().tenant_id, role));
  if (!found) co_return RoleNotFound();
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
