#ifndef GATEHOUSE_SERVICE_COMMON_ROLE_RULES_H_
#define GATEHOUSE_SERVICE_COMMON_ROLE_RULES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/event.h"
#include "storage/role/role.h"

// What holds for a tenant's own roles, by whichever way they come: a call or a seed file.
namespace gatehouse::service {

// What storage::IsRoleName asks for, for whoever gave another name.
inline constexpr std::string_view kRoleNameRule =
    "must have 1 to 64 lower-case letters, digits, '.', '_' and '-', a letter first";

// Each once, in one order: what is compared and stored. INVALID_FIELD about `field` names the
// first that there is not.
absl::StatusOr<std::vector<std::string>> OrderedPermissions(std::string_view field,
                                                            std::span<const std::string> names);

storage::Event RoleCreated(const base::CallContext& ctx, base::Time now, const storage::Role& role);
// `role` as it was, and what it permits from now on.
storage::Event RoleUpdated(const base::CallContext& ctx, base::Time now, const storage::Role& role,
                           const std::vector<std::string>& permissions);
storage::Event RoleDeleted(const base::CallContext& ctx, base::Time now, const storage::Role& role);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_ROLE_RULES_H_
