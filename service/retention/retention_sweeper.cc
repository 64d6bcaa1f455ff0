#include "service/retention/retention_sweeper.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/common/json.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using std::chrono::days;
using storage::RetentionStore;
using Count = RetentionSweep::Count;

constexpr int64_t kTenantsPerPage = 500;
// Of a statement: some ten milliseconds, so that it holds up neither vacuum nor replicas.
constexpr int64_t kRowsPerSlice = 5'000;
constexpr int32_t kEventsPerSlice = 2'000;
constexpr int64_t kThreadsPerSlice = 500;
// Of a sweep: it comes every minute, and asks two questions for each.
constexpr int64_t kTenantsOfUsers = 200;
// Counted of one tenant in a dry run; of more it says that they are more.
constexpr int64_t kMostCounted = 10'000;
constexpr int64_t kMostHeld = 10;             // Told of those that keep the log.
constexpr char kPurgeName[] = "purge_users";  // Who purges users, in their events.
// A sweep begins nothing new when its context ends so soon: it ends well instead of failing.
constexpr auto kReserve = std::chrono::seconds(2);

RetentionStore::Days DayOf(Time time) { return std::chrono::floor<days>(time); }

bool IsTimeUp(const CallContext& ctx) {
  return ctx.cancel().cancelled() || ctx.deadline() - std::chrono::steady_clock::now() < kReserve;
}

// What was said of a tenant; of the others nothing can be.
std::optional<int32_t> PeriodOf(const storage::TenantPeriods& kept, RetentionPolicy policy) {
  switch (policy) {
    case RetentionPolicy::kEvents:
      return kept.events;
    case RetentionPolicy::kEndedSessions:
      return kept.ended_sessions;
    case RetentionPolicy::kReplays:
      return kept.replays;
    case RetentionPolicy::kAlerts:
      return kept.alerts;
    case RetentionPolicy::kMessages:
      return kept.messages;
    case RetentionPolicy::kAttempts:
    case RetentionPolicy::kRequests:
    case RetentionPolicy::kOneTimeTokens:
    case RetentionPolicy::kDeletedUsers:
      break;
  }
  return std::nullopt;
}

std::string DayText(RetentionStore::Days day) {
  const std::chrono::year_month_day date(day);
  return absl::StrFormat("%04d-%02u-%02u", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

Task<absl::StatusOr<RetentionSweep>> RetentionSweeper::Run(CallContext ctx, RetentionPolicy policy,
                                                           bool dry_run) {
  RetentionSweep sweep;
  const std::optional<std::chrono::seconds> period = periods_[policy];
  if (period) sweep.before = deps_.clock.Now() - *period;
  const std::optional<Days> day = period ? std::optional(DayOf(*sweep.before)) : std::nullopt;
  switch (policy) {
    case RetentionPolicy::kEvents: {
      std::optional<Days> cut;
      if (day && dry_run) {
        GH_CO_ASSIGN_OR_RETURN(cut, co_await deps_.retention.NextEventCut(ctx, *day));
      }
      if (day && !dry_run) GH_CO_RETURN_IF_ERROR(co_await SweepEvents(ctx, *day, &sweep));
      GH_CO_RETURN_IF_ERROR(co_await SurveyDays(ctx, "event", cut, dry_run, &sweep));
      if (day) {
        GH_CO_ASSIGN_OR_RETURN(sweep.held, co_await deps_.retention.FindHeld(ctx, *day, kMostHeld));
      }
      break;
    }
    case RetentionPolicy::kAttempts:
      if (day && !dry_run) GH_CO_RETURN_IF_ERROR(co_await SweepAttempts(ctx, *day, &sweep));
      GH_CO_RETURN_IF_ERROR(co_await SurveyDays(ctx, "webhook_attempt", day, dry_run, &sweep));
      break;
    case RetentionPolicy::kEndedSessions: {
      SessionPlace fresh;
      const auto step = [this, dry_run](CallContext c, Uuid tenant_id, Time before, Uuid after) {
        return deps_.retention.PurgeSessions(std::move(c), tenant_id, after, before, kRowsPerSlice,
                                             dry_run);
      };
      GH_CO_RETURN_IF_ERROR(
          co_await WalkTenants(ctx, policy, dry_run ? &fresh : &sessions_, step, &sweep));
      break;
    }
    case RetentionPolicy::kMessages: {
      ThreadPlace fresh;
      const auto step = [this, dry_run](CallContext c, Uuid tenant_id, Time before,
                                        RetentionStore::ThreadPosition after) {
        return deps_.retention.PurgeThreads(std::move(c), tenant_id, std::move(after), before,
                                            kThreadsPerSlice, dry_run);
      };
      GH_CO_RETURN_IF_ERROR(
          co_await WalkTenants(ctx, policy, dry_run ? &fresh : &threads_, step, &sweep));
      break;
    }
    case RetentionPolicy::kRequests:
    case RetentionPolicy::kOneTimeTokens:
    case RetentionPolicy::kReplays:
    case RetentionPolicy::kAlerts: {
      Uuid fresh;
      Uuid* const place = dry_run ? &fresh : &rows_[static_cast<size_t>(policy)];
      GH_CO_RETURN_IF_ERROR(co_await SweepRows(ctx, policy, place, dry_run, &sweep));
      break;
    }
    case RetentionPolicy::kDeletedUsers: {
      Uuid fresh;
      if (dry_run) {
        GH_CO_RETURN_IF_ERROR(co_await SweepRows(ctx, policy, &fresh, dry_run, &sweep));
      } else {
        GH_CO_RETURN_IF_ERROR(
            co_await SweepUsers(ctx, &rows_[static_cast<size_t>(policy)], &sweep));
      }
      break;
    }
  }
  if (!sweep.oldest_kept) sweep.oldest_kept = sweep.before;
  co_return sweep;
}

Task<absl::Status> RetentionSweeper::SweepEvents(CallContext ctx, Days before,
                                                 RetentionSweep* sweep) {
  GH_CO_RETURN_IF_ERROR(co_await CutEvents(ctx, before));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<RetentionStore::Partition> days,
                         co_await deps_.retention.ListPartitions(ctx, "event"));
  // Mostly there is nothing, and no tenant need be asked.
  if (days.empty() || days.front().day >= before) co_return absl::OkStatus();
  const absl::Status trimmed = co_await TrimLogs(ctx, sweep);
  while (!IsTimeUp(ctx)) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<std::string> dropped,
                           co_await deps_.retention.DropEventDay(ctx));
    if (!dropped) co_return trimmed;
    sweep->partitions.push_back(*std::move(dropped));
  }
  sweep->unfinished = true;
  co_return trimmed;
}

Task<absl::Status> RetentionSweeper::CutEvents(CallContext ctx, Days before) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<Days> cut,
                         co_await deps_.retention.NextEventCut(ctx, before));
  if (!cut) co_return absl::OkStatus();
  storage::Change change{
      .events = {storage::MakeEvent(
          ctx, deps_.clock.Now(), std::string(storage::event_types::kEventDaysExpired),
          {{"log", "events", ""}}, JsonObject().Add("kept_from", DayText(*cut)).ToString())}};
  // False: another instance was faster, or the sequencer has to catch up first.
  co_return (co_await deps_.retention.CutEventLog(ctx, *cut, std::move(change))).status();
}

Task<absl::Status> RetentionSweeper::TrimLogs(CallContext ctx, RetentionSweep* sweep) {
  absl::Status problem;
  Uuid last;
  for (;;) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<RetentionStore::Kept> tenants,
                           co_await deps_.retention.ListLogs(ctx, last, kTenantsPerPage));
    // One that fails holds up no other.
    for (const RetentionStore::Kept& kept : tenants) {
      problem.Update(co_await TrimLog(ctx, kept, sweep));
    }
    if (static_cast<int64_t>(tenants.size()) < kTenantsPerPage) co_return problem;
    last = tenants.back().tenant_id;
  }
}

Task<absl::Status> RetentionSweeper::TrimLog(CallContext ctx, RetentionStore::Kept kept,
                                             RetentionSweep* sweep) {
  const Uuid tenant_id = kept.tenant_id;
  const std::optional<Time> before = BeforeOf(kept.periods, RetentionPolicy::kEvents, *sweep);
  if (!before) co_return absl::OkStatus();
  int64_t trimmed = 0;
  for (int64_t slice = kEventsPerSlice; slice == kEventsPerSlice;) {
    if (IsTimeUp(ctx)) {
      sweep->unfinished = true;
      break;
    }
    int64_t most = kEventsPerSlice;
    if (before != sweep->before) {
      GH_CO_ASSIGN_OR_RETURN(most, co_await deps_.retention.CountBefore(
                                       ctx, tenant_id, DayOf(*before), kEventsPerSlice));
      if (most == 0) break;
    }
    GH_CO_ASSIGN_OR_RETURN(
        slice, co_await deps_.retention.TrimEventLog(ctx, tenant_id, static_cast<int32_t>(most)));
    trimmed += slice;
  }
  if (trimmed == 0) co_return absl::OkStatus();
  sweep->rows += trimmed;
  GH_CO_RETURN_IF_ERROR(co_await deps_.retention.ForwardDisabled(ctx, tenant_id));
  for (int64_t gone = kRowsPerSlice; gone == kRowsPerSlice && !IsTimeUp(ctx);) {
    GH_CO_ASSIGN_OR_RETURN(gone,
                           co_await deps_.retention.ForgetExhausted(ctx, tenant_id, kRowsPerSlice));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RetentionSweeper::SweepAttempts(CallContext ctx, Days before,
                                                   RetentionSweep* sweep) {
  while (!IsTimeUp(ctx)) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<std::string> dropped,
                           co_await deps_.retention.DropAttemptDay(ctx, before));
    if (!dropped) co_return absl::OkStatus();
    sweep->partitions.push_back(*std::move(dropped));
  }
  sweep->unfinished = true;
  co_return absl::OkStatus();
}

Task<absl::Status> RetentionSweeper::SurveyDays(CallContext ctx, std::string table,
                                                std::optional<Days> before, bool dry_run,
                                                RetentionSweep* sweep) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<RetentionStore::Partition> partitions,
                         co_await deps_.retention.ListPartitions(ctx, std::move(table)));
  for (const RetentionStore::Partition& partition : partitions) {
    if (dry_run && before && partition.day < *before) {
      sweep->partitions.push_back(partition.name);
      sweep->bytes += partition.bytes;
      sweep->rows += partition.rows_about;
      sweep->count = Count::kAbout;
      continue;
    }
    sweep->oldest_kept = Time(partition.day);
    break;
  }
  co_return absl::OkStatus();
}

std::optional<Time> RetentionSweeper::BeforeOf(const storage::TenantPeriods& kept,
                                               RetentionPolicy policy,
                                               const RetentionSweep& sweep) const {
  const std::optional<int32_t> own = PeriodOf(kept, policy);
  if (!own) return sweep.before;
  if (*own == 0) return std::nullopt;
  const Time before = deps_.clock.Now() - days(*own);
  if (policy != RetentionPolicy::kEvents) return before;
  // Of the log a day is cut for all: a tenant's own period keeps more, and takes nothing away.
  return sweep.before ? std::optional(std::min(before, *sweep.before)) : std::nullopt;
}

// Goes on after the tenant at which the last sweep ended, also if that one failed: it holds up no
// other.
Task<absl::Status> RetentionSweeper::SweepRows(CallContext ctx, RetentionPolicy policy, Uuid* place,
                                               bool dry_run, RetentionSweep* sweep) {
  const PurgeFn purge = PurgeOf(policy, dry_run);
  const int64_t limit = dry_run ? kMostCounted : kRowsPerSlice;
  for (;;) {
    GH_CO_ASSIGN_OR_RETURN(
        const std::vector<RetentionStore::Kept> tenants,
        co_await deps_.retention.ListTenants(ctx, *place, kTenantsPerPage, !sweep->before));
    for (const RetentionStore::Kept& kept : tenants) {
      const std::optional<Time> before = BeforeOf(kept.periods, policy, *sweep);
      for (int64_t gone = before ? limit : 0; gone == limit;) {
        if (IsTimeUp(ctx)) {
          sweep->unfinished = true;
          co_return absl::OkStatus();
        }
        const absl::StatusOr<int64_t> purged = co_await purge(ctx, kept.tenant_id, *before, limit);
        if (!purged.ok()) *place = kept.tenant_id;
        GH_CO_RETURN_IF_ERROR(purged.status());
        gone = *purged;
        sweep->rows += gone;
        if (dry_run && gone == limit) sweep->count = Count::kLeast;
        if (dry_run) break;
      }
      *place = kept.tenant_id;
    }
    if (static_cast<int64_t>(tenants.size()) < kTenantsPerPage) break;
  }
  *place = Uuid();
  co_return absl::OkStatus();
}

// One that has much to do, or fails, holds up no other: the next sweep goes on after it.
Task<absl::Status> RetentionSweeper::SweepUsers(CallContext ctx, Uuid* place,
                                                RetentionSweep* sweep) {
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<RetentionStore::Kept> tenants,
      co_await deps_.retention.ListTenants(ctx, *place, kTenantsOfUsers, /*own=*/false));
  for (const RetentionStore::Kept& kept : tenants) {
    if (IsTimeUp(ctx)) {
      sweep->unfinished = true;
      co_return absl::OkStatus();
    }
    *place = kept.tenant_id;
    const auto left = ctx.deadline() - std::chrono::steady_clock::now();
    GH_CO_ASSIGN_OR_RETURN(
        const UserPurgeTurn turn,
        co_await PurgeUsers(deps_.users, base::SystemContext(ctx.loop(), kPurgeName, left,
                                                             ctx.cancel(), kept.tenant_id)));
    sweep->rows += turn.users;
    // Who comes next gets as much time.
    sweep->unfinished = turn.unfinished;
    if (turn.unfinished) co_return absl::OkStatus();
  }
  if (static_cast<int64_t>(tenants.size()) < kTenantsOfUsers) {
    *place = Uuid();
  } else {
    sweep->unfinished = true;
  }
  co_return absl::OkStatus();
}

// Goes on where it was, or after the tenant that failed; at the end it begins anew the next time.
template <typename Position, typename Step>
Task<absl::Status> RetentionSweeper::WalkTenants(CallContext ctx, RetentionPolicy policy,
                                                 Place<Position>* place, Step step,
                                                 RetentionSweep* sweep) {
  for (;;) {
    if (!place->tenant_id) {
      GH_CO_ASSIGN_OR_RETURN(
          const std::vector<RetentionStore::Kept> next,
          co_await deps_.retention.ListTenants(ctx, place->last_tenant_id, 1, !sweep->before));
      if (next.empty()) break;
      const std::optional<Time> before = BeforeOf(next.front().periods, policy, *sweep);
      if (!before) {
        place->last_tenant_id = next.front().tenant_id;
        continue;
      }
      place->tenant_id = next.front().tenant_id;
      place->before = *before;
      place->position = Position();
    }
    if (IsTimeUp(ctx)) {
      sweep->unfinished = true;
      co_return absl::OkStatus();
    }
    absl::StatusOr<RetentionStore::Walk<Position>> walked =
        co_await step(ctx, *place->tenant_id, place->before, place->position);
    if (walked.ok()) sweep->rows += walked->rows;
    if (walked.ok() && walked->next) {
      place->position = *std::move(walked->next);
    } else {
      place->last_tenant_id = *place->tenant_id;
      place->tenant_id.reset();
    }
    GH_CO_RETURN_IF_ERROR(walked.status());
  }
  *place = Place<Position>();
  co_return absl::OkStatus();
}

RetentionSweeper::PurgeFn RetentionSweeper::PurgeOf(RetentionPolicy policy, bool dry_run) {
  using Table = RetentionStore::Table;
  const auto counts = [this](Table table) -> PurgeFn {
    return [&store = deps_.retention, table](CallContext ctx, Uuid tenant_id, Time before,
                                             int64_t limit) {
      return store.Count(std::move(ctx), table, tenant_id, before, limit);
    };
  };
  const auto purges = [](auto* store) -> PurgeFn {
    return [store](CallContext ctx, Uuid tenant_id, Time before, int64_t limit) {
      return store->Purge(std::move(ctx), tenant_id, before, limit);
    };
  };
  switch (policy) {
    case RetentionPolicy::kRequests:
      return dry_run ? counts(Table::kRequests) : purges(&deps_.requests);
    case RetentionPolicy::kOneTimeTokens:
      return dry_run ? counts(Table::kOneTimeTokens) : purges(&deps_.one_time_tokens);
    case RetentionPolicy::kReplays:
      return dry_run ? counts(Table::kReplays) : purges(&deps_.replays);
    case RetentionPolicy::kDeletedUsers:
      return [this](CallContext ctx, Uuid tenant_id, Time, int64_t limit) {
        return deps_.retention.Count(std::move(ctx), Table::kDeletedUsers, tenant_id,
                                     deps_.clock.Now(), limit);
      };
    default:
      break;
  }
  if (dry_run) return counts(Table::kAlerts);
  return [&store = deps_.retention](CallContext ctx, Uuid tenant_id, Time before, int64_t limit) {
    return store.PurgeAlerts(std::move(ctx), tenant_id, before, limit);
  };
}

}  // namespace gatehouse::service
