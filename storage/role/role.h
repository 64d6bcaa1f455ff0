#ifndef GATEHOUSE_STORAGE_ROLE_ROLE_H_
#define GATEHOUSE_STORAGE_ROLE_ROLE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// The roles that every tenant has and no row describes: what they permit is
// part of the program (auth::PermissionsOfRole).
inline constexpr std::array<std::string_view, 3> kBuiltInRoles = {"admin", "analyst", "viewer"};

constexpr bool IsBuiltInRole(std::string_view name) {
  return std::ranges::find(kBuiltInRoles, name) != kBuiltInRoles.end();
}

// Roles travel in access tokens, so their names are short.
inline constexpr size_t kMaxRoleNameBytes = 64;

// Of a tenant: more than anybody has jobs for.
inline constexpr int64_t kMaxRoles = 1'000;

// What roles can be called: lower-case letters, digits, '.', '_' and '-', a letter first.
constexpr bool IsRoleName(std::string_view name) {
  if (name.empty() || name.size() > kMaxRoleNameBytes) return false;
  if (name.front() < 'a' || name.front() > 'z') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

// A role of one tenant's own: a named set of permissions.
struct Role {
  base::Uuid tenant_id;
  std::string name;  // IsRoleName, and not built in.
  std::vector<std::string> permissions;
  base::Time create_time;
  base::Time update_time;
  // Raised with every change.
  int64_t version = 1;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ROLE_ROLE_H_
