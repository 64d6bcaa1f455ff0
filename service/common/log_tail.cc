#include "service/common/log_tail.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/async/loop.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/event_type.h"

namespace gatehouse::service {
namespace {

using std::chrono::steady_clock;
using storage::LogFeed;

// Well within the 10 seconds that the .proto files promise.
constexpr std::chrono::seconds kHeartbeat{8};
// Of one read; with the largest events still some megabytes.
constexpr int32_t kEventsPerRead = 100;
// Before a question is put again that the database had no room for.
constexpr std::chrono::milliseconds kAskAgainAfter{50};

bool Selects(const std::vector<std::string>& types, std::string_view type) {
  return types.empty() || MatchesAny(types, type);
}

// Where to go on if what came is all there is from `next` on and none of it is
// wanted; `next` if there is something to read.
int64_t SkipUnwanted(const LogFeed::News& news, const std::vector<std::string>& types,
                     int64_t next) {
  if (news.incomplete) return next;
  int64_t position = next;
  for (const auto& batch : news.batches) {
    if (batch->last_index() < position) continue;
    if (batch->first_index() > position) return next;
    for (const storage::LogEntry& entry : batch->entries) {
      if (entry.index >= position && Selects(types, entry.type)) return next;
    }
    position = batch->last_index() + 1;
  }
  return position;
}

absl::Status OutOfRange(int64_t index, int64_t head) {
  return base::MakeError(
      absl::StatusCode::kOutOfRange, "The log ends at index " + std::to_string(head) + ".",
      {.reason = base::Reason::kIndexOutOfRange,
       .metadata = {{"from_index", std::to_string(index)}, {"head_index", std::to_string(head)}}});
}

absl::Status StreamEnded() {
  return base::MakeError(absl::StatusCode::kCancelled, "the stream has ended",
                         {.reason = base::Reason::kCancelled});
}

const absl::Status& StatusOf(const absl::Status& answer) { return answer; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& answer) {
  return answer.status();
}

// What `ask` answers once it is the stream's turn. That the database is overloaded does
// not end a stream, whose events stay where they are: the turn is kept until there is an
// answer, so those who come after wait as well instead of adding to the load.
template <typename T>
base::Task<T> InTurn(base::Semaphore& turns, base::CallContext ctx,
                     std::function<base::Task<T>()> ask) {
  const base::Semaphore::Permit turn = co_await turns.Acquire(ctx.loop(), ctx.cancel());
  while (turn) {
    T answer = co_await ask();
    if (!base::HasReason(StatusOf(answer), base::Reason::kStorageOverloaded)) co_return answer;
    const base::SteadyTime again = steady_clock::now() + kAskAgainAfter;
    if (!co_await ctx.loop().SleepUntil(again, ctx.cancel())) break;
  }
  co_return StreamEnded();
}

}  // namespace

// Mostly answered from memory; when not, from the database, for many streams at once.
base::Task<absl::Status> LogTail::Recheck(base::CallContext ctx) {
  co_return co_await InTurn<absl::Status>(turns_, ctx, [&] { return ctx.Recheck(); });
}

base::Task<absl::StatusOr<int64_t>> LogTail::Head(base::CallContext ctx) {
  co_return co_await InTurn<absl::StatusOr<int64_t>>(
      turns_, ctx, [&] { return log_.HeadIndex(ctx, ctx.principal().tenant_id); });
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
  GH_CO_ASSIGN_OR_RETURN(const int64_t head, co_await Head(ctx));
  if (from_index > head + 1) co_return OutOfRange(from_index, head);
  int64_t next = from_index == 0 ? head + 1 : from_index;
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
