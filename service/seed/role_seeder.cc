#include "service/seed/role_seeder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/permission/permissions.h"
#include "base/async/run_on_loop.h"
#include "base/status.h"
#include "base/uuid.h"
#include "service/common/json.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// The permissions of the entry, each once, in one order: what is compared and stored.
absl::StatusOr<std::vector<std::string>> Check(const SeedRole& seed) {
  if (!storage::IsRoleName(seed.name)) {
    return base::InvalidField(
        "name", "must have 1 to 64 lower-case letters, digits, '.', '_' and '-', a letter first");
  }
  if (storage::IsBuiltInRole(seed.name)) {
    return base::InvalidField("name", "is that of a built-in role");
  }
  GH_ASSIGN_OR_RETURN(const uint64_t permissions,
                      auth::PermissionsFromNames("permissions", seed.permissions));
  return auth::PermissionNames(permissions);
}

storage::Event RoleEvent(const base::CallContext& context, base::Time now, std::string_view type,
                         const std::string& name, std::string details_json) {
  return storage::MakeEvent(context, now, std::string(type),
                            {{.type = "role", .id = name, .label = name}}, std::move(details_json));
}

}  // namespace

absl::Status ApplySeedRole(storage::RoleStore& roles, base::Loop& loop, base::CallContext context,
                           const base::Clock& clock, const SeedRole& seed, bool dry_run,
                           const std::function<void(std::string_view done)>& tell) {
  namespace types = storage::event_types;
  using Found = absl::StatusOr<std::optional<storage::Role>>;
  GH_ASSIGN_OR_RETURN(std::vector<std::string> permissions, Check(seed));
  const base::Uuid tenant_id = context.principal().tenant_id;
  GH_ASSIGN_OR_RETURN(const std::optional<storage::Role> found, base::RunOnLoop<Found>(loop, [&] {
                        return roles.Get(context, tenant_id, seed.name);
                      }));
  if (found && found->permissions == permissions) return absl::OkStatus();

  if (!dry_run) {
    const base::Time now = clock.Now();
    const std::string details =
        found ? JsonObject().Add("from", found->permissions).Add("to", permissions).ToString()
              : JsonObject().Add("permissions", permissions).ToString();
    const storage::Change change{
        .events = {RoleEvent(context, now, found ? types::kRoleUpdated : types::kRoleCreated,
                             seed.name, details)}};
    const storage::Role role{.tenant_id = tenant_id,
                             .name = seed.name,
                             .permissions = std::move(permissions),
                             .create_time = now,
                             .update_time = now,
                             .version = found ? found->version : 1};
    GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(loop, [&] {
      return found ? roles.Update(context, role, change) : roles.Create(context, role, change);
    }));
  }
  tell(found ? "updated" : "created");
  return absl::OkStatus();
}

}  // namespace gatehouse::service
