#ifndef GATEHOUSE_STORAGE_TENANT_TENANT_H_
#define GATEHOUSE_STORAGE_TENANT_TENANT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/signing_key/signing_key.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

// Of an installation. Every instance has all of them in memory with their signing keys, and reads
// these once a minute: more tenants than this are for a second installation.
inline constexpr int64_t kMaxTenants = 10'000;

// Of a tenant.
inline constexpr size_t kMaxTenantHosts = 16;

// As a label of DNS, so that it can be one.
inline constexpr size_t kMaxTenantNameBytes = 63;

// What tenants can be called: lower-case letters, digits and '-', a letter first, no '-' last, and
// nothing that could be an id.
inline bool IsTenantName(std::string_view name) {
  if (name.empty() || name.size() > kMaxTenantNameBytes) return false;
  if (name.front() < 'a' || name.front() > 'z' || name.back() == '-') return false;
  if (base::Uuid::Parse(name)) return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// Column tenant.state; values of gatehouse.v1.TenantState.
enum class TenantState : int16_t {
  kActive = 1,
  // Takes no calls, and nothing changes by itself.
  kFrozen = 2,
  // The same, and is to be found elsewhere.
  kMoved = 3,
};

// Whose users, roles, keys, endpoints and log are apart from everybody else's.
struct Tenant {
  base::Uuid id;
  std::string name;  // IsTenantName; stays for good.
  std::string display_name;
  // By which clients reach it: lower-case, without a port, in order.
  std::vector<std::string> host_names;
  TenantState state = TenantState::kActive;
  // Where to, if it is kMoved.
  std::string moved_to;
  // A JSON object of strings, as text.
  std::string labels_json = "{}";
  base::Time create_time;
  base::Time update_time;
  // Raised with every change.
  int64_t version = 1;
};

// What begins with a tenant: the tenant, a key that signs its tokens, and perhaps somebody to
// administrate it.
struct NewTenant {
  Tenant tenant;
  SigningKeyRow key;
  struct Admin {
    User user;
    std::optional<std::string> password_hash;
    // By which its password can be set, in the place of a password.
    std::optional<OneTimeToken> token;
  };
  std::optional<Admin> admin;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_TENANT_H_
