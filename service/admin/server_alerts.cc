#include "service/admin/server_alerts.h"

#include <utility>

#include "base/status.h"
#include "base/uuid.h"
#include "service/admin/server_problems.h"
#include "service/common/json.h"

namespace gatehouse::service {
namespace {

using storage::AlertKind;

// What is wrong is so for hours, and somebody has to be fetched.
constexpr std::chrono::minutes kPause{1};
constexpr std::chrono::seconds kTimeout{15};

}  // namespace

ServerAlerts::ServerAlerts(base::Loop& loop, Deps deps)
    : deps_(deps),
      turns_(loop, {.name = "server_alerts", .pause = kPause, .turn_timeout = kTimeout},
             [this](base::CallContext ctx) { return RunOnce(std::move(ctx)); }) {}

void ServerAlerts::Add(AlertKind kind, const std::string& problem, base::Time now,
                       std::vector<storage::AlertSignal>& signals) const {
  if (problem.empty() && !open_.contains(kind)) return;
  storage::AlertSignal signal{.key = {.tenant_id = base::kDefaultTenantId, .kind = kind},
                              .time = now};
  if (problem.empty()) {
    signal.over = true;
    signal.resolution = storage::kAlertRecovered;
  } else {
    signal.details_json = JsonObject().Add("problem", problem).ToString();
  }
  signals.push_back(std::move(signal));
}

base::Task<absl::Status> ServerAlerts::RunOnce(base::CallContext ctx) {
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(const storage::DatabaseInspection database,
                         co_await deps_.server.Inspect(ctx, now));
  std::vector<storage::AlertSignal> signals;
  Add(AlertKind::kLogHalted, LogProblem(database), now, signals);
  Add(AlertKind::kPartitionLate, PartitionProblem(database), now, signals);
  Add(AlertKind::kSigningKeyOverdue, KeyProblem(deps_.keyring, deps_.tenants, now), now, signals);
  GH_CO_RETURN_IF_ERROR(co_await deps_.alerts.Signal(ctx, signals));
  open_.clear();
  for (const storage::AlertSignal& signal : signals) {
    if (!signal.over) open_.insert(signal.key.kind);
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
