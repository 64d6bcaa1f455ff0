#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/async/semaphore.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/audit/audit_service.h"
#include "service/audit/event_conversion.h"
#include "service/common/event_type.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

using storage::LogFeed;

// Well within the 10 seconds that the .proto file promises.
constexpr std::chrono::seconds kHeartbeat{8};
// Of one read; with the largest events still some megabytes.
constexpr int32_t kEventsPerRead = 100;
constexpr int kMaxTypes = 32;
// Before a question is put again that the database had no room for.
constexpr std::chrono::milliseconds kAskAgainAfter{50};

absl::Status CheckRequest(const v1::TailEventsRequest& request) {
  FieldChecks checks;
  if (request.from_index() < 0) checks.Fail("from_index", "must not be negative");
  if (request.types_size() > kMaxTypes) {
    checks.Fail("types", "must be at most " + std::to_string(kMaxTypes));
  } else {
    for (int i = 0; i < request.types_size(); ++i) {
      if (IsEventTypePattern(request.types(i))) continue;
      checks.Fail("types[" + std::to_string(i) + "]",
                  "must be an event type, or one followed by \".*\"");
    }
  }
  return checks.ToStatus();
}

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
    const base::SteadyTime again = std::chrono::steady_clock::now() + kAskAgainAfter;
    if (!co_await ctx.loop().SleepUntil(again, ctx.cancel())) break;
  }
  co_return StreamEnded();
}

}  // namespace

base::Task<absl::Status> AuditService::TailEvents(base::CallContext ctx,
                                                  v1::TailEventsRequest request,
                                                  rpc::Writer<v1::TailEventsResponse> writer) {
  GH_CO_RETURN_IF_ERROR(CheckRequest(request));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const std::vector<std::string> types(request.types().begin(), request.types().end());
  // Before the first look at the log: nothing falls in between.
  const std::unique_ptr<LogFeed::Subscription> feed = deps_.feed.Subscribe(ctx.loop(), tenant_id);
  GH_CO_ASSIGN_OR_RETURN(const int64_t head,
                         co_await InTurn<absl::StatusOr<int64_t>>(tail_turns_, ctx, [&] {
                           return deps_.log.HeadIndex(ctx, tenant_id);
                         }));
  if (request.from_index() > head + 1) co_return OutOfRange(request.from_index(), head);
  int64_t next = request.from_index() == 0 ? head + 1 : request.from_index();
  v1::TailEventsResponse message;
  if (request.from_index() == 0) {
    // At once: from where it counts, which the caller cannot know.
    message.set_heartbeat_index(next - 1);
    if (!co_await writer.Write(message)) co_return absl::OkStatus();
  }
  base::SteadyTime heartbeat_due = std::chrono::steady_clock::now() + kHeartbeat;
  // Mostly answered from memory; when not, from the database, for many streams at once.
  const auto recheck = [&] {
    return InTurn<absl::Status>(tail_turns_, ctx, [&] { return ctx.Recheck(); });
  };

  while (!ctx.cancel().cancelled()) {
    GH_CO_RETURN_IF_ERROR(co_await recheck());
    base::SteadyTime page_recheck_due =
        std::chrono::steady_clock::now() + options_.recheck_interval;
    GH_CO_ASSIGN_OR_RETURN(
        const storage::EventLog::Range range,
        co_await InTurn<absl::StatusOr<storage::EventLog::Range>>(tail_turns_, ctx, [&] {
          return deps_.log.ReadRange(ctx, tenant_id, next, kEventsPerRead, types);
        }));
    for (const storage::LoggedEvent& event : range.events) {
      // A client that reads slowly takes long over a page.
      if (std::chrono::steady_clock::now() >= page_recheck_due) {
        GH_CO_RETURN_IF_ERROR(co_await recheck());
        page_recheck_due = std::chrono::steady_clock::now() + options_.recheck_interval;
      }
      GH_CO_RETURN_IF_ERROR(ToProto(event, *(message = {}).mutable_event()));
      if (!co_await writer.Write(message)) co_return absl::OkStatus();
    }
    if (!range.events.empty()) heartbeat_due = std::chrono::steady_clock::now() + kHeartbeat;
    next = std::max(next, range.last_index + 1);
    bool read = next <= range.head_index;
    while (!read) {
      const base::SteadyTime recheck_due =
          std::chrono::steady_clock::now() + options_.recheck_interval;
      const LogFeed::News news =
          co_await feed->Next(std::min(heartbeat_due, recheck_due), ctx.cancel());
      if (ctx.cancel().cancelled()) co_return absl::OkStatus();
      GH_CO_RETURN_IF_ERROR(co_await recheck());
      const int64_t position = SkipUnwanted(news, types, next);
      read = position == next && !news.empty();
      next = position;
      if (std::chrono::steady_clock::now() < heartbeat_due) continue;
      message.set_heartbeat_index(next - 1);
      if (!co_await writer.Write(message)) co_return absl::OkStatus();
      heartbeat_due = std::chrono::steady_clock::now() + kHeartbeat;
      // Should all news have been lost, this finds what there is.
      read = true;
    }
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
