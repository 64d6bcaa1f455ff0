#include "storage/retention/retention_store.h"

#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/retention/queries/retention_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Params;
using postgres::Query;
using postgres::Rows;
using postgres::RowView;
using Days = RetentionStore::Days;
namespace queries = retention::queries;

int32_t Number(Days day) { return static_cast<int32_t>(day.time_since_epoch().count()); }
Days DayOf(int32_t number) { return Days(std::chrono::days(number)); }

// The one value of a statement that returns one row, which may be NULL.
template <typename T>
absl::StatusOr<std::optional<T>> One(const Rows& rows) {
  GH_ASSIGN_OR_RETURN(const auto row,
                      rows.DecodeOne([](RowView view) { return view.Get<std::optional<T>>(0); }));
  return row.value_or(std::nullopt);
}

// Five columns from `column` on.
TenantPeriods DecodePeriods(RowView row, int column) {
  return {.events = row.Get<std::optional<int32_t>>(column),
          .ended_sessions = row.Get<std::optional<int32_t>>(column + 1),
          .replays = row.Get<std::optional<int32_t>>(column + 2),
          .alerts = row.Get<std::optional<int32_t>>(column + 3),
          .messages = row.Get<std::optional<int32_t>>(column + 4)};
}

const Query& CountOf(RetentionStore::Table table) {
  switch (table) {
    case RetentionStore::Table::kRequests:
      return queries::kCountRequests;
    case RetentionStore::Table::kOneTimeTokens:
      return queries::kCountOneTimeTokens;
    case RetentionStore::Table::kReplays:
      return queries::kCountReplays;
    case RetentionStore::Table::kAlerts:
      return queries::kCountAlerts;
    case RetentionStore::Table::kDeletedUsers:
      break;
  }
  return queries::kCountDeletedUsers;
}

}  // namespace

Task<absl::StatusOr<std::vector<RetentionStore::Kept>>> RetentionStore::ListTenants(CallContext ctx,
                                                                                    Uuid after,
                                                                                    int64_t limit,
                                                                                    bool own) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kListTenants,
                                                                   Params::Of(after, limit, own)));
  co_return rows.Decode([](RowView row) {
    return Kept{.tenant_id = row.Get<Uuid>(0), .periods = DecodePeriods(row, 1)};
  });
}

Task<absl::StatusOr<std::vector<RetentionStore::Kept>>> RetentionStore::ListLogs(CallContext ctx,
                                                                                 Uuid after,
                                                                                 int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(ctx, queries::kListLogs, Params::Of(after, limit)));
  co_return rows.Decode([](RowView row) {
    return Kept{.tenant_id = row.Get<Uuid>(0),
                .periods = {.events = row.Get<std::optional<int32_t>>(1)}};
  });
}

Task<absl::StatusOr<TenantRetention>> RetentionStore::GetTenant(CallContext ctx, Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGetTenant, Params::Of(tenant_id)));
  GH_CO_ASSIGN_OR_RETURN(std::optional<TenantRetention> found,
                         rows.DecodeOne([&tenant_id](RowView row) {
                           return TenantRetention{.tenant_id = tenant_id,
                                                  .periods = DecodePeriods(row, 0),
                                                  .update_time = row.Get<Time>(5),
                                                  .version = row.Get<int64_t>(6)};
                         }));
  co_return found.value_or(TenantRetention{.tenant_id = tenant_id});
}

Task<absl::Status> RetentionStore::PutTenant(CallContext ctx, TenantRetention retention,
                                             Change change) {
  const TenantPeriods& periods = retention.periods;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kPutTenant, Params::Of(retention.tenant_id, retention.version, periods.events,
                                            periods.ended_sessions, periods.replays, periods.alerts,
                                            periods.messages, retention.update_time));
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::StatusOr<int64_t>> RetentionStore::CountBefore(CallContext ctx, Uuid tenant_id,
                                                          Days before, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kCountBefore,
                                                  Params::Of(tenant_id, Number(before), limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> count, One<int64_t>(rows));
  co_return count.value_or(0);
}

Task<absl::StatusOr<std::vector<RetentionStore::Partition>>> RetentionStore::ListPartitions(
    CallContext ctx, std::string table) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(ctx, queries::kListPartitions, Params::Of(table)));
  co_return rows.Decode([](RowView row) {
    return Partition{.name = row.Get<std::string>(0),
                     .day = DayOf(row.Get<int32_t>(1)),
                     .sealed = row.Get<bool>(2),
                     .bytes = row.Get<int64_t>(3),
                     .rows_about = row.Get<int64_t>(4)};
  });
}

Task<absl::StatusOr<std::optional<Days>>> RetentionStore::NextEventCut(CallContext ctx,
                                                                       Days before) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kNextEventCut,
                                                                   Params::Of(Number(before))));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int32_t> day, One<int32_t>(rows));
  if (!day) co_return std::nullopt;
  co_return DayOf(*day);
}

Task<absl::StatusOr<bool>> RetentionStore::CutEventLog(CallContext ctx, Days before,
                                                       Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kCutEventLog, Params::Of(Number(before)));
  const absl::Status status = (co_await database_.Run(ctx, std::move(batch))).status();
  if (base::HasReason(status, base::Reason::kConflict)) co_return false;
  GH_CO_RETURN_IF_ERROR(status);
  co_return true;
}

Task<absl::StatusOr<int64_t>> RetentionStore::TrimEventLog(CallContext ctx, Uuid tenant_id,
                                                           int32_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kTrimEventLog,
                                                                   Params::Of(tenant_id, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> trimmed, One<int64_t>(rows));
  co_return trimmed.value_or(0);
}

Task<absl::StatusOr<std::optional<std::string>>> RetentionStore::DropEventDay(CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kDropEventDay, Params()));
  co_return One<std::string>(rows);
}

Task<absl::StatusOr<std::optional<std::string>>> RetentionStore::DropAttemptDay(CallContext ctx,
                                                                                Days before) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kDropAttemptDay,
                                                                   Params::Of(Number(before))));
  co_return One<std::string>(rows);
}

Task<absl::StatusOr<std::vector<RetentionStore::Held>>> RetentionStore::FindHeld(CallContext ctx,
                                                                                 Days before,
                                                                                 int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kFindHeld, Params::Of(Number(before), limit)));
  co_return rows.Decode([](RowView row) {
    return Held{.tenant_id = row.Get<Uuid>(0),
                .index = row.Get<int64_t>(1),
                .recorded_time = row.Get<Time>(2)};
  });
}

Task<absl::StatusOr<int64_t>> RetentionStore::ForgetExhausted(CallContext ctx, Uuid tenant_id,
                                                              int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kForgetExhausted,
                                                                   Params::Of(tenant_id, limit)));
  co_return rows.affected_rows();
}

Task<absl::Status> RetentionStore::ForwardDisabled(CallContext ctx, Uuid tenant_id) {
  const absl::StatusOr<Rows> rows =
      co_await database_.Query(ctx, queries::kForwardDisabled, Params::Of(tenant_id));
  co_return rows.status();
}

Task<absl::StatusOr<RetentionStore::Walk<Uuid>>> RetentionStore::PurgeSessions(
    CallContext ctx, Uuid tenant_id, Uuid after, Time before, int64_t limit, bool dry_run) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kPurgeSessions,
                               Params::Of(tenant_id, after, before, limit, !dry_run)));
  Walk<Uuid> walk;
  const auto decoded = rows.Decode([&](RowView row) {
    walk.rows = row.Get<int64_t>(0);
    if (row.Get<int64_t>(2) == limit) walk.next = row.Get<std::optional<Uuid>>(1);
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  co_return walk;
}

Task<absl::StatusOr<RetentionStore::Walk<RetentionStore::ThreadPosition>>>
RetentionStore::PurgeThreads(CallContext ctx, Uuid tenant_id, ThreadPosition after, Time before,
                             int64_t limit, bool dry_run) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(
                             ctx, queries::kListIdleThreads,
                             Params::Of(tenant_id, after.user_id, after.thread_id, before, limit)));
  Walk<ThreadPosition> walk;
  std::vector<ThreadPosition> idle;
  std::optional<ThreadPosition> last;
  const auto decoded = rows.Decode([&](RowView row) {
    last = {.user_id = row.Get<Uuid>(0), .thread_id = row.Get<std::string>(1)};
    if (!row.Get<bool>(3)) return true;
    if (dry_run) walk.rows += row.Get<int64_t>(2);
    idle.push_back(*last);
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  if (static_cast<int64_t>(rows.size()) == limit) walk.next = last;
  if (dry_run) co_return walk;
  // One by one: a thread has so many messages as one transaction should delete.
  for (const ThreadPosition& thread : idle) {
    GH_CO_ASSIGN_OR_RETURN(
        const Rows gone,
        co_await database_.Query(ctx, queries::kDeleteIdleThread,
                                 Params::Of(tenant_id, thread.user_id, thread.thread_id, before)));
    GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> messages, One<int64_t>(gone));
    walk.rows += messages.value_or(0);
  }
  co_return walk;
}

Task<absl::StatusOr<int64_t>> RetentionStore::PurgeAlerts(CallContext ctx, Uuid tenant_id,
                                                          Time before, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kPurgeAlerts, Params::Of(tenant_id, before, limit)));
  co_return rows.affected_rows();
}

Task<absl::StatusOr<int64_t>> RetentionStore::Count(CallContext ctx, Table table, Uuid tenant_id,
                                                    Time before, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, CountOf(table), Params::Of(tenant_id, before, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> count, One<int64_t>(rows));
  co_return count.value_or(0);
}

}  // namespace gatehouse::storage
