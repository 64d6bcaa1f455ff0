#include "service/seed/role_seeder.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/run_on_loop.h"
#include "base/status.h"
#include "base/uuid.h"
#include "service/common/role_rules.h"
#include "storage/change.h"

namespace gatehouse::service {
namespace {

// The permissions of the entry, each once, in one order: what is compared and stored.
absl::StatusOr<std::vector<std::string>> Check(const SeedRole& seed) {
  if (!storage::IsRoleName(seed.name)) {
    return base::InvalidField("name", kRoleNameRule);
  }
  if (storage::IsBuiltInRole(seed.name)) {
    return base::InvalidField("name", "is that of a built-in role");
  }
  return OrderedPermissions("permissions", seed.permissions);
}

}  // namespace

absl::Status ApplySeedRole(storage::RoleStore& roles, base::Loop& loop, base::CallContext context,
                           const base::Clock& clock, const SeedRole& seed, bool dry_run,
                           const std::function<void(std::string_view done)>& tell) {
  using Found = absl::StatusOr<std::optional<storage::Role>>;
  GH_ASSIGN_OR_RETURN(const std::vector<std::string> permissions, Check(seed));
  const base::Uuid tenant_id = context.principal().tenant_id;
  GH_ASSIGN_OR_RETURN(const std::optional<storage::Role> found, base::RunOnLoop<Found>(loop, [&] {
                        return roles.Get(context, tenant_id, seed.name);
                      }));
  if (found && found->permissions == permissions) return absl::OkStatus();

  if (!dry_run) {
    const base::Time now = clock.Now();
    const storage::Role role{.tenant_id = tenant_id,
                             .name = seed.name,
                             .permissions = permissions,
                             .create_time = now,
                             .update_time = now,
                             .version = found ? found->version : 1};
    const storage::Change change{.events = {found ? RoleUpdated(context, now, *found, permissions)
                                                  : RoleCreated(context, now, role)}};
    GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(loop, [&] {
      return found ? roles.Update(context, role, change) : roles.Create(context, role, change);
    }));
  }
  tell(found ? "updated" : "created");
  return absl::OkStatus();
}

}  // namespace gatehouse::service
