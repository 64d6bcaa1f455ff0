#include "service/webhook/pull/pull_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/common/in_turn.h"
#include "service/common/log_following.h"
#include "service/delivery/payload.h"
#include "service/delivery/wanted_events.h"
#include "service/webhook/may_receive.h"

namespace gatehouse::service {
namespace {

using base::Task;
using std::chrono::steady_clock;

// Acknowledgements are made durable together, at most so often.
constexpr std::chrono::milliseconds kStorePause{200};
// Of the last ones, when the call has ended.
constexpr std::chrono::seconds kLastStoreTimeout{5};

absl::Status TakenOver() {
  return base::MakeError(absl::StatusCode::kAborted,
                         "another pull has taken the subscription over, or somebody has deleted it",
                         {.reason = base::Reason::kConflict});
}

}  // namespace

PullStream::PullStream(Deps deps, base::CallContext ctx, storage::Subscription subscription,
                       std::string payload_filter, size_t max_unacked,
                       std::unique_ptr<storage::LogFeed::Subscription> feed, PullInbox& inbox,
                       Writer writer)
    : deps_(deps),
      ctx_(std::move(ctx)),
      subscription_(std::move(subscription)),
      payload_filter_(std::move(payload_filter)),
      max_unacked_(max_unacked),
      feed_(std::move(feed)),
      inbox_(inbox),
      writer_(writer),
      next_(subscription_.position + 1),
      recheck_due_(steady_clock::now() + deps_.pause),
      store_due_(steady_clock::now()) {}

Task<absl::Status> PullStream::Run() {
  absl::StatusOr<bool> goes_on = co_await SendHeartbeat();
  while (goes_on.ok() && *goes_on) goes_on = co_await Turn();
  // Whoever may not pull any more has acknowledged in vain; whoever is gone has not.
  if (!ctx_.cancel().cancelled()) GH_CO_RETURN_IF_ERROR(goes_on.status());
  co_return co_await StoreLast();
}

Task<absl::StatusOr<bool>> PullStream::Turn() {
  // Taken first: what comes from here on wakes.
  const base::CancelToken wake = inbox_.wake();
  GH_CO_RETURN_IF_ERROR(inbox_.problem());
  GH_CO_RETURN_IF_ERROR(TakeAcks());
  if (inbox_.ended() || ctx_.cancel().cancelled()) co_return false;
  if (steady_clock::now() >= recheck_due_) GH_CO_RETURN_IF_ERROR(co_await Recheck());
  if (acked_ && steady_clock::now() >= store_due_) {
    GH_CO_RETURN_IF_ERROR(co_await Store(ctx_));
  }
  if (more_ && room() > 0) co_return co_await SendPage();
  co_return co_await Wait(wake);
}

Task<absl::StatusOr<bool>> PullStream::SendPage() {
  const int32_t limit = std::min(kEventsPerRead, static_cast<int32_t>(room()));
  GH_CO_ASSIGN_OR_RETURN(
      const storage::EventLog::Range range,
      co_await InTurn<absl::StatusOr<storage::EventLog::Range>>(deps_.turns, ctx_, [&] {
        return deps_.log.ReadRange(ctx_, subscription_.tenant_id, next_, limit,
                                   subscription_.event_types);
      }));
  const delivery::WantedEvents wanted(subscription_.event_types, payload_filter_);
  v1::PullEventsResponse message;
  for (const storage::LoggedEvent& logged : range.events) {
    // A client that reads slowly takes long over a page.
    if (steady_clock::now() >= recheck_due_) GH_CO_RETURN_IF_ERROR(co_await Recheck());
    std::string body = delivery::BuildPayload(logged.event);
    if (!wanted.WantsBody(body)) {
      next_ = logged.index + 1;
      continue;
    }
    v1::PulledEvent& event = *message.mutable_event();
    event.set_index(logged.index);
    event.set_id(logged.event.id.ToString());
    event.set_type(logged.event.type);
    event.set_body(std::move(body));
    unacked_.push_back(logged.index);
    last_sent_ = logged.index;
    next_ = logged.index + 1;
    if (!co_await writer_.Write(message)) co_return false;
    heartbeat_due_ = steady_clock::now() + deps_.heartbeat;
  }
  next_ = std::max(next_, range.last_index + 1);
  more_ = next_ <= range.head_index;
  // A filter may let nothing through of a long backlog.
  if (steady_clock::now() >= heartbeat_due_) co_return co_await Report();
  co_return true;
}

Task<absl::StatusOr<bool>> PullStream::Wait(base::CancelToken wake) {
  base::SteadyTime until = std::min(heartbeat_due_, recheck_due_);
  if (acked_) until = std::min(until, store_due_);
  if (room() == 0) {
    co_await ctx_.loop().SleepUntil(until, wake);
  } else {
    const storage::LogFeed::News news = co_await feed_->Next(until, wake);
    const int64_t position = SkipUnwanted(news, subscription_.event_types, next_);
    more_ = position == next_ && !news.empty();
    next_ = position;
  }
  if (ctx_.cancel().cancelled()) co_return false;
  if (steady_clock::now() < heartbeat_due_) co_return true;
  // Should all news have been lost, this finds what there is; and whether another pull has it now.
  more_ = true;
  co_return co_await Report();
}

Task<absl::StatusOr<bool>> PullStream::Report() {
  GH_CO_RETURN_IF_ERROR(co_await Store(ctx_));
  co_return co_await SendHeartbeat();
}

Task<absl::StatusOr<bool>> PullStream::SendHeartbeat() {
  heartbeat_due_ = steady_clock::now() + deps_.heartbeat;
  v1::PullEventsResponse message;
  message.set_heartbeat_index(next_ - 1);
  co_return co_await writer_.Write(message);
}

Task<absl::Status> PullStream::Recheck() {
  // Mostly answered from memory; when not, from the database, for many streams at once.
  GH_CO_RETURN_IF_ERROR(
      co_await InTurn<absl::Status>(deps_.turns, ctx_, [&] { return ctx_.Recheck(); }));
  recheck_due_ = steady_clock::now() + deps_.pause;
  co_return CheckMayReceive(ctx_, subscription_.event_types);
}

absl::Status PullStream::TakeAcks() {
  const int64_t index = inbox_.acknowledged();
  if (index > last_sent_) {
    return base::InvalidField("ack.index", "must be that of an event that was sent");
  }
  while (!unacked_.empty() && unacked_.front() <= index) {
    unacked_.pop_front();
    acked_ = true;
  }
  return absl::OkStatus();
}

Task<absl::Status> PullStream::Store(base::CallContext ctx) {
  storage::Subscription moved = subscription_;
  moved.position = done();
  GH_CO_ASSIGN_OR_RETURN(const bool kept,
                         co_await InTurn<absl::StatusOr<bool>>(deps_.turns, ctx, [&] {
                           return deps_.subscriptions.Acknowledge(ctx, moved, deps_.clock.Now());
                         }));
  if (!kept) co_return TakenOver();
  subscription_.position = moved.position;
  acked_ = false;
  store_due_ = steady_clock::now() + kStorePause;
  co_return absl::OkStatus();
}

Task<absl::Status> PullStream::StoreLast() {
  GH_CO_RETURN_IF_ERROR(TakeAcks());
  if (done() <= subscription_.position) co_return absl::OkStatus();
  // The call may be cancelled; what its client has done is done all the same.
  co_return co_await Store(base::SystemContext(ctx_.loop(), "pull_events", kLastStoreTimeout, {},
                                               subscription_.tenant_id));
}

}  // namespace gatehouse::service
