#include "service/admin/server_problems.h"

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>

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
  if (const std::optional<base::Time> end = key->retired_at()) {
    return keyring.Current(tenant_id, *end) ? "" : "the key that signs will stop, and none follows";
  }
  const auth::RotationPolicy& policy = keyring.policy();
  // Rotation is tried once a minute, from the whole lead before the end on: by the half of it it
  // has failed several times, and there is time left to do something.
  if (key->active_from() + policy.period - policy.publish_lead / 2 <= now) {
    return "the key that signs is due, and its successor is not published";
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
