#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "auth/signing_key/signing_key.h"
#include "base/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"

namespace gatehouse::service {
namespace {

using storage::DatabaseInspection;

constexpr char kNotKnown[] = "not known while the database does not answer";

std::string DatabaseProblem(const absl::StatusOr<DatabaseInspection>& database,
                            int32_t newest_schema) {
  if (!database.ok()) {
    // What is for the log alone stays there; other messages are what every call would get.
    return absl::IsInternal(database.status()) ? "it answers with an error, which is in the log"
                                               : std::string(database.status().message());
  }
  if (database->in_recovery) return "it is a standby, which takes no changes";
  if (database->schema_version != newest_schema) {
    return "its schema has version " + std::to_string(database->schema_version) +
           ", this server needs " + std::to_string(newest_schema);
  }
  return "";
}

std::string SequencerProblem(const absl::StatusOr<DatabaseInspection>& database,
                             std::string own_problem) {
  if (database.ok() && database->log_halted) {
    return "it stands still until an operator resets it: LOG_ROLLED_BACK";
  }
  return own_problem;
}

std::string KeyProblem(const auth::Keyring& keyring, const base::Uuid& tenant_id, base::Time now) {
  const std::shared_ptr<const auth::SigningKey> key = keyring.Current(tenant_id, now);
  if (!key) return "no key signs";
  const bool followed = key->retired_at().has_value();
  if (!followed && key->active_from() + keyring.policy().period <= now) {
    return "the key that signs has no successor, though it is due";
  }
  return "";
}

std::string PartitionProblem(const absl::StatusOr<DatabaseInspection>& database) {
  if (!database.ok()) return kNotKnown;
  if (database->missing_partitions.empty()) return "";
  return "missing: " + absl::StrJoin(database->missing_partitions, ", ");
}

std::string DeliveryProblem(const absl::StatusOr<DatabaseInspection>& database) {
  if (!database.ok()) return kNotKnown;
  if (database->idle_endpoints == 0) return "";
  return "endpoints with events that no instance is at work on: " +
         std::to_string(database->idle_endpoints);
}

}  // namespace

AdminService::Result<v1::GetServerHealthResponse> AdminService::GetServerHealth(
    base::CallContext ctx, v1::GetServerHealthRequest) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  const base::Uuid& tenant_id = ctx.principal().tenant_id;
  const base::Time now = deps_.clock.Now();
  const absl::StatusOr<DatabaseInspection> database =
      co_await deps_.server.Inspect(ctx, tenant_id, now);
  v1::GetServerHealthResponse response;
  response.set_well(true);
  response.set_instance_id(facts_.instance_id);
  const auto add = [&](v1::ServerPart part, std::string problem) {
    v1::PartHealth& health = *response.add_parts();
    health.set_part(part);
    health.set_well(problem.empty());
    if (!problem.empty()) response.set_well(false);
    health.set_problem(std::move(problem));
  };
  add(v1::SERVER_PART_DATABASE, DatabaseProblem(database, facts_.newest_schema_version));
  add(v1::SERVER_PART_SEQUENCER, SequencerProblem(database, deps_.sequencer_problem()));
  add(v1::SERVER_PART_REVOCATIONS,
      deps_.authenticator.RevocationsAreKnown()
          ? ""
          : "what other instances revoke is not known: every credential is looked up");
  add(v1::SERVER_PART_SIGNING_KEYS, KeyProblem(deps_.keyring, tenant_id, now));
  add(v1::SERVER_PART_PARTITIONS, PartitionProblem(database));
  add(v1::SERVER_PART_DELIVERY, DeliveryProblem(database));
  co_return response;
}

}  // namespace gatehouse::service
