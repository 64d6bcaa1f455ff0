#ifndef GATEHOUSE_AUTH_PERMISSION_PERMISSIONS_H_
#define GATEHOUSE_AUTH_PERMISSION_PERMISSIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/principal.h"

namespace gatehouse::auth {

// What a caller may do. The value is the number of the permission's bit in
// Principal::permissions; it never leaves the process, the database keeps names.
enum class Permission : uint8_t {
  kUsersRead,
  kUsersWrite,
  kUsersSetPassword,
  kApiKeysRead,
  kApiKeysWrite,
  kSessionsRead,
  kSessionsWrite,
  kSessionsVerify,
  kEventsRead,
  kEventsWrite,
  kEventsPublish,
  kEndpointsRead,
  kEndpointsWrite,
  kThreadsRead,
  kThreadsWrite,
  kAdminRead,
  kAdminWrite,
};

inline constexpr int kPermissionCount = 17;

// Every bit of the table.
inline constexpr uint64_t kAllPermissions = (uint64_t{1} << kPermissionCount) - 1;

inline constexpr uint64_t PermissionBit(Permission permission) {
  return uint64_t{1} << static_cast<uint8_t>(permission);
}

// "users.read" and the like.
std::string_view PermissionName(Permission permission);
std::optional<Permission> PermissionFromName(std::string_view name);

// The names of the bits set, in the order of the table.
std::vector<std::string> PermissionNames(uint64_t permissions);
// The bits of `names`. INVALID_FIELD about `field` names the first unknown one.
absl::StatusOr<uint64_t> PermissionsFromNames(std::string_view field,
                                              std::span<const std::string> names);
// The bits of those names that are known. For rows: a permission that a later
// release removed grants nothing and must not lock the credential out.
uint64_t KnownPermissions(std::span<const std::string> names);

// True for the built-in roles: admin, analyst, viewer.
bool IsRole(std::string_view role);
// 0 for any other role, a tenant's own as well: nothing but what needs no permission.
uint64_t PermissionsOfRole(std::string_view role);

// The server itself (kSystem) may do everything.
bool HasPermission(const base::Principal& principal, Permission permission);
// By number, as in rpc::AccessPolicy::permission_number.
bool HasPermission(const base::Principal& principal, int permission_number);

// OK, or PERMISSION_DENIED as callers see it, the permission in the metadata.
absl::Status RequirePermission(const base::Principal& principal, Permission permission);
absl::Status PermissionDenied(std::string_view permission);

// Nobody gains what they do not have, by a user or a key that they make or change: OK if the
// caller has every one of `permissions`, those of that user or key. Else users.write would be
// as good as admin.
absl::Status RequireWithinOwn(const base::Principal& principal, uint64_t permissions);

// OK if the caller is the user `user_id` or has `permission`.
absl::Status RequireSelfOr(const base::Principal& principal, const base::Uuid& user_id,
                           Permission permission);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PERMISSION_PERMISSIONS_H_
