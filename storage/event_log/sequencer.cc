#include "storage/event_log/sequencer.h"

#include <optional>
#include <string>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "base/uuid.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::RowView;

absl::Status RolledBack() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "the event log stands still: the database was restored from another "
                         "cluster and has to be reset by an operator",
                         {.reason = base::Reason::kLogRolledBack});
}

// Columns of sequence.sql. Rows come sorted by tenant and index.
enum Column { kLeads, kHalted, kMore, kNotified, kTenantId, kIndex, kEventId, kType };

void AddEntry(const RowView& row, SequencerPass& pass) {
  const std::optional<base::Uuid> tenant_id = row.Get<std::optional<base::Uuid>>(kTenantId);
  if (!tenant_id) return;
  if (pass.batches.empty() || pass.batches.back().tenant_id != *tenant_id) {
    pass.batches.push_back({.tenant_id = *tenant_id});
  }
  pass.batches.back().entries.push_back({.index = row.Get<int64_t>(kIndex),
                                         .event_id = row.Get<base::Uuid>(kEventId),
                                         .type = row.Get<std::string>(kType)});
}

absl::StatusOr<SequencerPass> ToPass(const Rows& rows) {
  SequencerPass pass;
  bool halted = false;
  const auto decoded = rows.Decode([&](RowView row) {
    pass.leads = row.Get<bool>(kLeads);
    halted |= row.Get<bool>(kHalted);
    pass.more = row.Get<bool>(kMore);
    AddEntry(row, pass);
    return true;
  });
  GH_RETURN_IF_ERROR(decoded.status());
  if (halted) return RolledBack();
  return pass;
}

}  // namespace

base::Task<absl::StatusOr<SequencerPass>> Sequencer::RunPass(base::CallContext ctx,
                                                             int64_t max_events) {
  postgres::Batch batch;
  batch.Add(event_log::queries::kSequence, Params::Of(max_events, instance_));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(std::move(ctx), std::move(batch)));
  co_return ToPass(results.front());
}

base::Task<absl::Status> Sequencer::WakeLeader(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(std::move(ctx), event_log::queries::kWakeSequencer,
                                                Params::Of(instance_)));
  co_return absl::OkStatus();
}

base::Task<absl::StatusOr<int64_t>> Sequencer::Reset(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), event_log::queries::kReset, Params()));
  struct Result {
    int64_t advanced;
    int64_t ordered;
  };
  GH_CO_ASSIGN_OR_RETURN(const std::optional<Result> result, rows.DecodeOne([](RowView row) {
    return Result{.advanced = row.Get<int64_t>(0), .ordered = row.Get<int64_t>(1)};
  }));
  if (!result || result->advanced != 1) {
    co_return base::MakeError(absl::StatusCode::kAborted,
                              "a sequencer was at work at the same time; try again",
                              {.reason = base::Reason::kConflict});
  }
  co_return result->ordered;
}

}  // namespace gatehouse::storage
