#include "storage/replay/replay_store.h"

#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/delivery/queries/delivery_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/replay/queries/replay_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = replay::queries;

// The column after those of DecodeReplay.
constexpr int kReplayColumns = 19;

// columns.sql.part
Replay DecodeReplay(RowView row) {
  return {.tenant_id = row.Get<Uuid>(0),
          .id = row.Get<Uuid>(1),
          .endpoint_id = row.Get<Uuid>(2),
          .first_index = row.Get<int64_t>(3),
          .last_index = row.Get<int64_t>(4),
          .event_types = row.Get<std::vector<std::string>>(5),
          .outcomes = row.Get<std::vector<int32_t>>(6),
          .max_per_second = row.Get<int32_t>(7),
          .state = static_cast<ReplayState>(row.Get<int32_t>(8)),
          .failure = row.Get<std::string>(9),
          .hold = static_cast<ReplayHold>(row.Get<int32_t>(10)),
          .position = row.Get<int64_t>(11),
          .paced_until = row.Get<Time>(12),
          .matched_count = row.Get<int64_t>(13),
          .scheduled_count = row.Get<int64_t>(14),
          .create_time = row.Get<Time>(15),
          .start_time = row.Get<std::optional<Time>>(16),
          .end_time = row.Get<std::optional<Time>>(17),
          .version = row.Get<int64_t>(18)};
}

absl::Status TooManyReplays() {
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         std::to_string(ReplayStore::kMaxLivePerTenant) +
                             " replays are under way: wait for one to end, or cancel it",
                         {.reason = base::Reason::kLimitReached, .quota = "replays under way"});
}

}  // namespace

Task<absl::Status> ReplayStore::Create(CallContext ctx, Replay replay, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kInsert, Params::Of(replay.tenant_id, replay.id, replay.endpoint_id,
                                         replay.first_index, replay.last_index, replay.event_types,
                                         replay.outcomes, replay.max_per_second, replay.paced_until,
                                         replay.create_time, kMaxLivePerTenant));
  absl::Status status = (co_await database_.Run(ctx, std::move(batch))).status();
  if (base::HasReason(status, base::Reason::kLimitReached)) co_return TooManyReplays();
  co_return status;
}

Task<absl::StatusOr<std::optional<Replay>>> ReplayStore::Get(CallContext ctx, Uuid tenant_id,
                                                             Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, id)));
  co_return rows.DecodeOne(DecodeReplay);
}

Task<absl::StatusOr<ReplayStore::Page>> ReplayStore::List(CallContext ctx, ListQuery query) {
  Params params = Params::Of(query.tenant_id, query.before, query.limit);
  if (query.endpoint_id) params.Add(*query.endpoint_id);
  params.Add(query.max_bytes);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, query.endpoint_id ? queries::kListOfEndpoint : queries::kList,
                               std::move(params)));
  Page page;
  int64_t found = 0;
  GH_CO_ASSIGN_OR_RETURN(page.replays, rows.Decode([&](RowView row) {
    found = row.Get<int64_t>(kReplayColumns);
    return DecodeReplay(row);
  }));
  page.cut = found > static_cast<int64_t>(page.replays.size());
  co_return page;
}

Task<absl::StatusOr<std::vector<Replay>>> ReplayStore::ListLive(CallContext ctx, Key after,
                                                                int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kListLive,
                                                  Params::Of(after.tenant_id, after.id, limit)));
  co_return rows.Decode(DecodeReplay);
}

Task<absl::StatusOr<ReplaySlice>> ReplayStore::Find(CallContext ctx, Replay replay,
                                                    std::vector<std::string> patterns, int64_t last,
                                                    int64_t limit,
                                                    std::optional<std::vector<int64_t>> wanted) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(
          ctx, queries::kFind,
          Params::Of(replay.tenant_id, replay.endpoint_id, replay.position + 1, last, patterns,
                     replay.event_types, replay.outcomes, limit, wanted)));
  GH_CO_ASSIGN_OR_RETURN(std::optional<ReplaySlice> slice, rows.DecodeOne([](RowView row) {
    return ReplaySlice{.through = row.Get<int64_t>(0),
                       .matched = row.Get<int64_t>(1),
                       .chosen = row.Get<std::vector<int64_t>>(2)};
  }));
  if (!slice) co_return base::InternalError("a slice of a replay without a row");
  co_return *std::move(slice);
}

Task<absl::StatusOr<int64_t>> ReplayStore::Schedule(CallContext ctx, Replay replay,
                                                    ReplaySlice slice, Time paced_until, Time now,
                                                    Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(delivery::queries::kLock, Params::Of(replay.tenant_id, replay.endpoint_id));
  batch.Add(queries::kSchedule,
            Params::Of(replay.tenant_id, replay.endpoint_id, slice.chosen, replay.outcomes, now,
                       replay.id, replay.version, slice.through, slice.matched, paced_until, now));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> scheduled,
                         results.back().DecodeOne([](RowView row) { return row.Get<int64_t>(1); }));
  co_return scheduled.value_or(0);
}

Task<absl::StatusOr<bool>> ReplayStore::Move(CallContext ctx, Replay replay, ReplaySlice slice,
                                             ReplayHold hold, Time now) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(
                             ctx, queries::kMove,
                             Params::Of(replay.tenant_id, replay.id, replay.version, slice.through,
                                        slice.matched, static_cast<int32_t>(hold), now)));
  co_return !rows.empty();
}

Task<absl::Status> ReplayStore::Finish(CallContext ctx, Replay ended, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kFinish,
            Params::Of(ended.tenant_id, ended.id, ended.version, static_cast<int32_t>(ended.state),
                       ended.failure, ended.end_time));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<int64_t>> ReplayStore::Purge(CallContext ctx, Uuid tenant_id, Time before,
                                                 int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kPurge, Params::Of(tenant_id, before, limit)));
  co_return static_cast<int64_t>(rows.size());
}

}  // namespace gatehouse::storage
