#include "service/admin/server_problems.h"

#include <cstddef>
#include <limits>
#include <memory>

#include "absl/strings/str_join.h"
#include "auth/signing_key/signing_key.h"
#include "base/uuid.h"

namespace gatehouse::service {

std::string LogProblem(const storage::DatabaseInspection& database) {
  return database.log_halted ? "it stands still until an operator resets it: LOG_ROLLED_BACK" : "";
}

std::string PartitionProblem(const storage::DatabaseInspection& database) {
  if (database.missing_partitions.empty()) return "";
  return "missing: " + absl::StrJoin(database.missing_partitions, ", ");
}

namespace {

std::string KeyProblemOf(const auth::Keyring& keyring, const base::Uuid& tenant_id,
                         base::Time now) {
  const std::shared_ptr<const auth::SigningKey> key = keyring.Current(tenant_id, now);
  if (!key) return "no key signs";
  const bool followed = key->retired_at().has_value();
  if (!followed && key->active_from() + keyring.policy().period <= now) {
    return "the key that signs has no successor, though it is due";
  }
  return "";
}

}  // namespace

std::string KeyProblem(const auth::Keyring& keyring, const auth::TenantDirectory& tenants,
                       base::Time now) {
  for (const base::Uuid& id : tenants.ListActive({}, std::numeric_limits<size_t>::max())) {
    std::string problem = KeyProblemOf(keyring, id, now);
    if (problem.empty()) continue;
    if (id == base::kDefaultTenantId) return problem;
    return "of tenant " + id.ToString() + ": " + problem;
  }
  return "";
}

}  // namespace gatehouse::service
