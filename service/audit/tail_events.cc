#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "service/audit/audit_service.h"
#include "service/audit/event_conversion.h"
#include "service/common/event_type.h"
#include "service/common/in_turn.h"
#include "service/common/log_following.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

using storage::LogFeed;

constexpr int kMaxTypes = 32;

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
  if (request.from_index() > head + 1) co_return BeyondTheLog(request.from_index(), head);
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
