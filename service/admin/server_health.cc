#include <string>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"
#include "service/admin/server_problems.h"

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
  std::string problem = database.ok() ? LogProblem(*database) : "";
  return problem.empty() ? own_problem : problem;
}

// What the database knows, or that it does not answer.
std::string KnownProblem(const absl::StatusOr<DatabaseInspection>& database,
                         std::string (*problem)(const DatabaseInspection&)) {
  return database.ok() ? problem(*database) : kNotKnown;
}

std::string DeliveryProblem(const DatabaseInspection& database) {
  if (database.idle_endpoints == 0) return "";
  return "endpoints with events that no instance is at work on: " +
         std::to_string(database.idle_endpoints);
}

}  // namespace

AdminService::Result<v1::GetServerHealthResponse> AdminService::GetServerHealth(
    base::CallContext ctx, v1::GetServerHealthRequest) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  const base::Time now = deps_.clock.Now();
  const absl::StatusOr<DatabaseInspection> database = co_await deps_.server.Inspect(ctx, now);
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
  add(v1::SERVER_PART_SIGNING_KEYS, KeyProblem(deps_.keyring, deps_.tenants, now));
  add(v1::SERVER_PART_PARTITIONS, KnownProblem(database, &PartitionProblem));
  add(v1::SERVER_PART_DELIVERY, KnownProblem(database, &DeliveryProblem));
  co_return response;
}

}  // namespace gatehouse::service
