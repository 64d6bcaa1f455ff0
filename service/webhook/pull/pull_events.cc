#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/log_following.h"
#include "service/common/validate.h"
#include "service/delivery/payload_filter.h"
#include "service/webhook/endpoint/endpoint_rules.h"
#include "service/webhook/log_range.h"
#include "service/webhook/may_receive.h"
#include "service/webhook/pull/pull_inbox.h"
#include "service/webhook/pull/pull_stream.h"
#include "service/webhook/pull/subscription_rules.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

using std::chrono::steady_clock;

// As the .proto file promises.
constexpr std::chrono::seconds kStartTimeout{10};
constexpr int32_t kDefaultUnacked = 100;
// With the largest events still much less than what may wait for them elsewhere: they are not kept.
constexpr int32_t kMaxUnacked = 1'000;
// Before another pull of a name that is made and deleted all the time gets it.
constexpr int kOpenAttempts = 5;

// What a pull begins with.
struct Start {
  std::string subscription;
  std::vector<std::string> event_types;
  std::string payload_filter;
  AskedRange from;
  int32_t max_unacked = kDefaultUnacked;
};

absl::StatusOr<Start> CheckStart(const v1::PullStart& asked) {
  FieldChecks checks;
  Start start{.subscription = asked.subscription()};
  CheckSubscriptionName(checks, "start.subscription", start.subscription);
  start.event_types.assign(asked.event_types().begin(), asked.event_types().end());
  checks.Check(CheckEventPatterns(start.event_types, "start.event_types"));
  start.payload_filter = asked.payload_filter();
  checks.Check(
      delivery::PayloadFilter::Parse(start.payload_filter, "start.payload_filter").status());
  if (asked.from_index() < 0) checks.Fail("start.from_index", "must not be negative");
  start.from = {.from_index = asked.from_index(),
                .from_time = CheckRangeTime(checks, "start.from_time", asked.has_from_time(),
                                            asked.from_time(), asked.from_index())};
  if (asked.max_unacked() < 0 || asked.max_unacked() > kMaxUnacked) {
    checks.Fail("start.max_unacked", "must be 1 to " + std::to_string(kMaxUnacked));
  } else if (asked.max_unacked() > 0) {
    start.max_unacked = asked.max_unacked();
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return start;
}

// The first message, once it is there.
base::Task<absl::StatusOr<Start>> AwaitStart(base::CallContext ctx, const PullInbox* inbox) {
  const base::SteadyTime until = steady_clock::now() + kStartTimeout;
  while (!inbox->start()) {
    const base::CancelToken wake = inbox->wake();
    GH_CO_RETURN_IF_ERROR(inbox->problem());
    if (inbox->ended() || steady_clock::now() >= until) {
      co_return base::InvalidField("start", "must come first, within 10 seconds");
    }
    co_await ctx.loop().SleepUntil(until, wake);
  }
  co_return CheckStart(*inbox->start());
}

}  // namespace

base::Task<absl::StatusOr<storage::Subscription>> WebhookService::OpenSubscription(
    base::CallContext ctx, storage::Subscription asked, AskedRange from) {
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    asked.create_time = asked.pull_time = deps_.clock.Now();
    GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Subscription> found,
                           co_await deps_.subscriptions.Open(ctx, asked.tenant_id, asked.name,
                                                             asked.event_types, asked.pull_time));
    if (found) co_return *std::move(found);
    GH_CO_ASSIGN_OR_RETURN(const LogRange range, co_await FindRange(ctx, &deps_.log, from));
    if (from.from_index > range.head + 1) co_return BeyondTheLog(from.from_index, range.head);
    asked.position = range.first == 0 ? range.head : std::min(range.first - 1, range.head);
    GH_CO_ASSIGN_OR_RETURN(
        const bool created,
        co_await deps_.subscriptions.Create(
            ctx, asked, {.events = {SubscribedEvent(ctx, asked.create_time, asked)}}));
    if (created) co_return asked;
  }
  co_return base::MakeError(absl::StatusCode::kAborted,
                            "others kept making and deleting the subscription; try again",
                            {.reason = base::Reason::kConflict});
}

base::Task<absl::Status> WebhookService::PullEvents(base::CallContext ctx,
                                                    rpc::Reader<v1::PullEventsRequest> reader,
                                                    rpc::Writer<v1::PullEventsResponse> writer) {
  PullInbox inbox(ctx.loop(), reader);
  GH_CO_ASSIGN_OR_RETURN(const Start start, co_await AwaitStart(ctx, &inbox));
  GH_CO_RETURN_IF_ERROR(CheckMayReceive(ctx, start.event_types));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  // Before the first look at the log: nothing falls in between.
  auto feed = deps_.feed.Subscribe(ctx.loop(), tenant_id);
  GH_CO_ASSIGN_OR_RETURN(
      storage::Subscription subscription,
      co_await OpenSubscription(
          ctx,
          {.tenant_id = tenant_id, .name = start.subscription, .event_types = start.event_types},
          start.from));
  PullStream stream({.log = deps_.log,
                     .subscriptions = deps_.subscriptions,
                     .turns = stream_turns_,
                     .clock = deps_.clock,
                     .pause = options_.stream_pause,
                     .heartbeat = options_.stream_heartbeat},
                    ctx, std::move(subscription), start.payload_filter, start.max_unacked,
                    std::move(feed), inbox, writer);
  co_return co_await stream.Run();
}

}  // namespace gatehouse::service
