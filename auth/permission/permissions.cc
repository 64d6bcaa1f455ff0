#include "auth/permission/permissions.h"

#include <array>
#include <utility>

#include "base/status.h"
#include "storage/role/role.h"

namespace gatehouse::auth {
namespace {

// In the order of Permission.
constexpr std::array<std::string_view, kPermissionCount> kNames = {
    "users.read",     "users.write",    "users.set_password", "api_keys.read", "api_keys.write",
    "sessions.read",  "sessions.write", "sessions.verify",    "events.read",   "events.write",
    "events.publish", "endpoints.read", "endpoints.write",    "threads.read",  "threads.write",
    "admin.read",     "admin.write",
};

static_assert(PermissionBit(Permission::kAdminWrite) == (kAllPermissions + 1) / 2,
              "kPermissionCount counts Permission");

struct Role {
  std::string_view name;
  uint64_t permissions;
};

constexpr std::array<Role, 3> kRoles = {{
    {"admin", kAllPermissions},
    // Sees all accounts and what happens to them, not what people say to each other; changes
    // nothing but what is its own.
    {"analyst", PermissionBit(Permission::kUsersRead) | PermissionBit(Permission::kSessionsRead) |
                    PermissionBit(Permission::kSessionsVerify) |
                    PermissionBit(Permission::kEventsRead) |
                    PermissionBit(Permission::kEndpointsRead)},
    // What is its own, through "self".
    {"viewer", 0},
}};

constexpr std::array<std::string_view, kRoles.size()> kRoleNames = {kRoles[0].name, kRoles[1].name,
                                                                    kRoles[2].name};
static_assert(kRoleNames == storage::kBuiltInRoles, "storage knows which roles have no row");

}  // namespace

std::string_view PermissionName(Permission permission) {
  return kNames[static_cast<size_t>(permission)];
}

std::optional<Permission> PermissionFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Permission>(i);
  }
  return std::nullopt;
}

std::vector<std::string> PermissionNames(uint64_t permissions) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (permissions >> i & 1) names.emplace_back(kNames[i]);
  }
  return names;
}

absl::StatusOr<uint64_t> PermissionsFromNames(std::string_view field,
                                              std::span<const std::string> names) {
  uint64_t permissions = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::optional<Permission> permission = PermissionFromName(names[i]);
    if (!permission) {
      return base::InvalidField(std::string(field) + "[" + std::to_string(i) + "]",
                                "is not the name of a permission");
    }
    permissions |= PermissionBit(*permission);
  }
  return permissions;
}

uint64_t KnownPermissions(std::span<const std::string> names) {
  uint64_t permissions = 0;
  for (const std::string& name : names) {
    if (const auto permission = PermissionFromName(name)) permissions |= PermissionBit(*permission);
  }
  return permissions;
}

bool IsRole(std::string_view role) {
  for (const std::string_view name : kRoleNames) {
    if (name == role) return true;
  }
  return false;
}

uint64_t PermissionsOfRole(std::string_view role) {
  for (const Role& entry : kRoles) {
    if (entry.name == role) return entry.permissions;
  }
  return 0;
}

bool HasPermission(const base::Principal& principal, int permission_number) {
  if (principal.kind == base::Principal::Kind::kSystem) return true;
  if (permission_number < 0 || permission_number >= kPermissionCount) return false;
  return (principal.permissions >> permission_number & 1) != 0;
}

bool HasPermission(const base::Principal& principal, Permission permission) {
  return HasPermission(principal, static_cast<int>(permission));
}

absl::Status PermissionDenied(std::string_view permission) {
  return base::MakeError(absl::StatusCode::kPermissionDenied,
                         "the caller lacks the permission " + std::string(permission),
                         {.reason = base::Reason::kPermissionDenied,
                          .metadata = {{"permission", std::string(permission)}}});
}

absl::Status RequirePermission(const base::Principal& principal, Permission permission) {
  if (HasPermission(principal, permission)) return absl::OkStatus();
  return PermissionDenied(PermissionName(permission));
}

absl::Status RequireWithinOwn(const base::Principal& principal, uint64_t permissions) {
  if (principal.kind == base::Principal::Kind::kSystem) return absl::OkStatus();
  const uint64_t lacking = permissions & ~principal.permissions;
  if (lacking == 0) return absl::OkStatus();
  return PermissionDenied(PermissionNames(lacking).front());
}

absl::Status RequireSelfOr(const base::Principal& principal, const base::Uuid& user_id,
                           Permission permission) {
  if (principal.kind == base::Principal::Kind::kUser && principal.id == user_id) {
    return absl::OkStatus();
  }
  return RequirePermission(principal, permission);
}

}  // namespace gatehouse::auth
