#include "service/common/role_rules.h"

#include <cstdint>
#include <utility>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "service/common/json.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

namespace types = storage::event_types;

storage::Event RoleEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                         const storage::Role& role, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "role", .id = role.name, .label = role.name}},
                            std::move(details_json));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> OrderedPermissions(std::string_view field,
                                                            std::span<const std::string> names) {
  GH_ASSIGN_OR_RETURN(const uint64_t permissions, auth::PermissionsFromNames(field, names));
  return auth::PermissionNames(permissions);
}

storage::Event RoleCreated(const base::CallContext& ctx, base::Time now,
                           const storage::Role& role) {
  return RoleEvent(ctx, now, types::kRoleCreated, role,
                   JsonObject().Add("permissions", role.permissions).ToString());
}

storage::Event RoleUpdated(const base::CallContext& ctx, base::Time now, const storage::Role& role,
                           const std::vector<std::string>& permissions) {
  return RoleEvent(ctx, now, types::kRoleUpdated, role,
                   JsonObject().Add("from", role.permissions).Add("to", permissions).ToString());
}

storage::Event RoleDeleted(const base::CallContext& ctx, base::Time now,
                           const storage::Role& role) {
  return RoleEvent(ctx, now, types::kRoleDeleted, role, "{}");
}

}  // namespace gatehouse::service
