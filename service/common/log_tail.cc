#include "service/common/log_tail.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/async/loop.h"
#include "base/status.h"
#include "service/common/in_turn.h"
#include "service/common/log_following.h"

namespace gatehouse::service {
namespace {

using std::chrono::steady_clock;
using storage::LogFeed;

}  // namespace

// Mostly answered from memory; when not, from the database, for many streams at once.
base::Task<absl::Status> LogTail::Recheck(base::CallContext ctx) {
  co_return co_await InTurn<absl::Status>(turns_, ctx, [&] { return ctx.Recheck(); });
}

base::Task<absl::StatusOr<storage::EventLog::Bounds>> LogTail::Bounds(base::CallContext ctx) {
  co_return co_await InTurn<absl::StatusOr<storage::EventLog::Bounds>>(
      turns_, ctx, [&] { return log_.ReadBounds(ctx, ctx.principal().tenant_id); });
}

base::Task<absl::StatusOr<storage::EventLog::Range>> LogTail::Read(base::CallContext ctx,
                                                                   int64_t from,
                                                                   std::vector<std::string> types) {
  co_return co_await InTurn<absl::StatusOr<storage::EventLog::Range>>(turns_, ctx, [&] {
    return log_.ReadRange(ctx, ctx.principal().tenant_id, from, kEventsPerRead, types);
  });
}

base::Task<absl::Status> LogTail::Follow(base::CallContext ctx, int64_t from_index,
                                         std::vector<std::string> types, Sink* sink) {
  // Before the first look at the log: nothing falls in between.
  const std::unique_ptr<LogFeed::Subscription> feed =
      feed_.Subscribe(ctx.loop(), ctx.principal().tenant_id);
  GH_CO_ASSIGN_OR_RETURN(const storage::EventLog::Bounds log, co_await Bounds(ctx));
  if (from_index > log.head + 1) co_return BeyondTheLog(from_index, log.head);
  if (from_index != 0 && from_index < log.first) co_return BeforeTheLog(from_index, log.first);
  int64_t next = from_index == 0 ? log.head + 1 : from_index;
  bool there = true;
  if (from_index == 0) {
    // At once: from where it counts, which the caller cannot know.
    GH_CO_ASSIGN_OR_RETURN(there, co_await sink->OnBegin(next - 1));
    if (!there) co_return absl::OkStatus();
  }
  base::SteadyTime heartbeat_due = steady_clock::now() + kHeartbeat;

  while (!ctx.cancel().cancelled()) {
    GH_CO_RETURN_IF_ERROR(co_await Recheck(ctx));
    base::SteadyTime page_recheck_due = steady_clock::now() + options_.recheck_interval;
    GH_CO_ASSIGN_OR_RETURN(storage::EventLog::Range range, co_await Read(ctx, next, types));
    // Retention has overtaken a client that reads very slowly: a gap is no answer.
    if (types.empty() && !range.events.empty() && range.events.front().index > next) {
      co_return BeforeTheLog(next, range.events.front().index);
    }
    for (storage::LoggedEvent& event : range.events) {
      // A client that reads slowly takes long over a page.
      if (steady_clock::now() >= page_recheck_due) {
        GH_CO_RETURN_IF_ERROR(co_await Recheck(ctx));
        page_recheck_due = steady_clock::now() + options_.recheck_interval;
      }
      GH_CO_ASSIGN_OR_RETURN(there, co_await sink->OnEvent(std::move(event)));
      if (!there) co_return absl::OkStatus();
    }
    if (!range.events.empty()) heartbeat_due = steady_clock::now() + kHeartbeat;
    next = std::max(next, range.last_index + 1);
    bool read = next <= range.head_index;
    while (!read) {
      const base::SteadyTime recheck_due = steady_clock::now() + options_.recheck_interval;
      const LogFeed::News news =
          co_await feed->Next(std::min(heartbeat_due, recheck_due), ctx.cancel());
      if (ctx.cancel().cancelled()) co_return absl::OkStatus();
      GH_CO_RETURN_IF_ERROR(co_await Recheck(ctx));
      const int64_t position = SkipUnwanted(news, types, next);
      read = position == next && !news.empty();
      next = position;
      if (steady_clock::now() < heartbeat_due) continue;
      GH_CO_ASSIGN_OR_RETURN(there, co_await sink->OnHeartbeat(next - 1));
      if (!there) co_return absl::OkStatus();
      heartbeat_due = steady_clock::now() + kHeartbeat;
      // Should all news have been lost, this finds what there is.
      read = true;
    }
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
