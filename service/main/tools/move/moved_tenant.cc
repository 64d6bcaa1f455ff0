#include "service/main/tools/move/moved_tenant.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "storage/tenant_move/tenant_move_store.h"

namespace gatehouse::service {

using storage::TenantMove;
using storage::TenantMoveStep;

absl::StatusOr<storage::MovingTenant> FindMovingTenant(const OpenSide& side,
                                                       const std::string& id_or_name) {
  GH_ASSIGN_OR_RETURN(const std::optional<storage::MovingTenant> tenant,
                      side.moves().FindTenant(id_or_name));
  if (!tenant) {
    return base::MakeError(absl::StatusCode::kNotFound,
                           absl::StrCat("there is no tenant ", id_or_name),
                           {.reason = base::Reason::kTenantNotFound});
  }
  return *tenant;
}

storage::TellCopied TellTables(Report& report, std::string verb) {
  return [&report, verb = std::move(verb)](const std::string& table, int64_t rows, int64_t bytes) {
    JsonObject json;
    json.Add("step", verb).Add("table", table);
    if (rows < 0) {
      report.Progress(absl::StrCat(verb, " ", table, ": ", BytesText(bytes)),
                      json.AddNumber("bytes", bytes));
    } else {
      report.Progress(absl::StrCat(verb, " ", table, ": ", rows, " rows"),
                      json.AddNumber("rows", rows));
    }
  };
}

absl::Status TellMove(const OpenSide& side, const std::string& tenant, Report& report) {
  GH_ASSIGN_OR_RETURN(const storage::MovingTenant found, FindMovingTenant(side, tenant));
  GH_ASSIGN_OR_RETURN(const std::optional<TenantMove> move, side.moves().Get(found.id));
  JsonObject json;
  json.Add("tenant", found.name).Add("id", found.id.ToString());
  if (!move) {
    report.Line(absl::StrCat(found.name, ": has not moved"), json.Add("step", "none"));
    return absl::OkStatus();
  }
  const std::string step(storage::NameOf(move->step));
  json.Add("step", step)
      .Add("side", move->is_source ? "source" : "target")
      .Add("peer", move->peer)
      .Add("destination", move->destination)
      .Add("start_time", move->start_time)
      .Add("update_time", move->update_time)
      .Add("rows", move->row_counts_json);
  report.Line(absl::StrCat(found.name, ": ", step, " at ", move->update_time,
                           move->is_source ? ", to " : ", from ", move->peer),
              json);
  return absl::OkStatus();
}

absl::Status DeleteMovedTenant(const OpenSide& source, const std::string& tenant,
                               std::chrono::seconds stay, Report& report) {
  GH_ASSIGN_OR_RETURN(const storage::MovingTenant found, FindMovingTenant(source, tenant));
  storage::TenantMoveStore moves = source.moves();
  GH_RETURN_IF_ERROR(moves.Lock(found.id));
  GH_ASSIGN_OR_RETURN(const std::optional<TenantMove> move, moves.Get(found.id));
  if (!move || !move->is_source || move->step < TenantMoveStep::kDone) {
    return absl::FailedPreconditionError("the tenant has not moved away from here");
  }
  if (move->step == TenantMoveStep::kDone && move->age_s < stay.count()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the tenant moved ", move->age_s / 3600, " h ago, and its rows stay for ",
                     stay.count() / 3600, " h: --stay-days 0 deletes them now"));
  }
  if (move->step == TenantMoveStep::kDone) {
    GH_RETURN_IF_ERROR(
        storage::DeleteMovedRows(*source.connection, found.id, TellTables(report, "delete")));
    GH_RETURN_IF_ERROR(moves.Unfence(found.id));
    GH_RETURN_IF_ERROR(moves.Advance(*move, TenantMoveStep::kDeleted));
  }
  report.Line(absl::StrCat(found.name, ": its rows are gone; it says where it went"),
              JsonObject().Add("tenant", found.name).Add("step", "deleted"));
  return absl::OkStatus();
}

}  // namespace gatehouse::service
