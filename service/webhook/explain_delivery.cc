#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/delivery/payload.h"
#include "service/delivery/queue/breaker.h"
#include "service/delivery/wanted_events.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"
#include "storage/ordering_key.h"

namespace gatehouse::service {
namespace {

using storage::DeliveryState;
using storage::EndpointState;

struct Explanation {
  v1::DeliveryReason reason;
  std::string text;
  std::optional<base::Time> since = std::nullopt;
  std::optional<base::Time> next = std::nullopt;
  // What it waits for, by its ordering key.
  std::optional<base::Uuid> behind = std::nullopt;
};

// What a deliverer knows of its rate is written with the next results.
constexpr base::Duration kPaceWritten = std::chrono::seconds(1);

base::Time EndOf(const storage::AttemptRecord& attempt) {
  return attempt.start_time + attempt.latency;
}

std::optional<base::Time> LastTried(const storage::Delivery& delivery) {
  if (delivery.attempts.empty()) return std::nullopt;
  return EndOf(delivery.attempts.back());
}

Explanation Delivered(const storage::Delivery& delivery) {
  const auto success =
      std::ranges::find(delivery.attempts, std::string(), &storage::AttemptRecord::error_class);
  return {.reason = v1::DELIVERY_REASON_DELIVERED,
          .text = "The receiver answered attempt " +
                  std::to_string(success - delivery.attempts.begin() + 1) + " with status " +
                  std::to_string(success->status_code) + ".",
          .since = EndOf(*success)};
}

Explanation Deleted(const std::optional<storage::Delivery>& delivery) {
  return {.reason = v1::DELIVERY_REASON_ENDPOINT_DELETED,
          .text = "The endpoint was deleted before the event arrived.",
          .since = delivery ? LastTried(*delivery) : std::nullopt};
}

Explanation NoLongerKnown() {
  return {.reason = v1::DELIVERY_REASON_NO_LONGER_KNOWN,
          .text = "Its turn came so long ago that attempts from then are no longer kept."};
}

// What keeps the endpoint from being sent anything, if something does.
std::optional<Explanation> Blocked(const storage::EndpointWithHealth& endpoint, base::Time now) {
  switch (endpoint.endpoint.state) {
    case EndpointState::kPaused:
      return Explanation{.reason = v1::DELIVERY_REASON_ENDPOINT_PAUSED,
                         .text = "The endpoint is paused; it loses nothing meanwhile."};
    case EndpointState::kDisabled:
      return Explanation{.reason = v1::DELIVERY_REASON_ENDPOINT_DISABLED,
                         .text = "The server switched the endpoint off: " +
                                 endpoint.endpoint.disabled_reason + "."};
    case EndpointState::kEnabled:
      break;
  }
  if (!endpoint.health.breaker_open) return std::nullopt;
  Explanation open{.reason = v1::DELIVERY_REASON_BREAKER_OPEN,
                   .text = "After " + std::to_string(endpoint.health.consecutive_failures) +
                           " failures in a row the receiver is taken to be down, and one event at "
                           "a time is tried.",
                   .since = endpoint.health.last_failure_time};
  if (open.since) open.next = std::max(now, *open.since + delivery::kMaxTrialDistance);
  return open;
}

// Its turn has come, unless the endpoint's rate holds back whose turn it is.
Explanation BeingSent(const storage::EndpointWithHealth& endpoint, base::Time now) {
  const std::optional<base::Time>& until = endpoint.health.paced_until;
  if (endpoint.endpoint.max_per_second > 0 && until && *until + kPaceWritten > now) {
    return {.reason = v1::DELIVERY_REASON_RATE_LIMITED,
            .text = "The endpoint's max_per_second lets no more through just now.",
            .next = std::max(now, *until)};
  }
  return {.reason = v1::DELIVERY_REASON_BEING_SENT,
          .text = "Its turn has come: it is being sent, or about to be."};
}

Explanation Behind(const base::Uuid& event_id) {
  return {.reason = v1::DELIVERY_REASON_ORDER,
          .text = "An earlier event of its ordering key is not delivered yet.",
          .behind = event_id};
}

Explanation NotMatched(std::string text) {
  return {.reason = v1::DELIVERY_REASON_NOT_MATCHED, .text = std::move(text)};
}

// Why the endpoint does not want the event, if it does not.
std::optional<Explanation> Unwanted(const storage::Endpoint& endpoint,
                                    const storage::Event& event) {
  const delivery::WantedEvents wanted(endpoint.event_types, endpoint.payload_filter);
  if (!wanted.WantsType(event.type)) {
    return NotMatched("None of the endpoint's event_types covers " + event.type + ".");
  }
  if (!wanted.WantsBody(delivery::BuildPayload(event))) {
    return NotMatched("The endpoint's payload_filter is not true of it.");
  }
  return std::nullopt;
}

// Of an event that has been tried, or is to be sent again, and has not been delivered.
Explanation Failed(const storage::Delivery& delivery, const storage::EndpointWithHealth& endpoint,
                   base::Time now) {
  const std::optional<base::Time> last = LastTried(delivery);
  if (delivery.state == DeliveryState::kExhausted) {
    return {.reason = v1::DELIVERY_REASON_EXHAUSTED,
            .text = "Every attempt of the schedule has failed.",
            .since = last};
  }
  if (delivery.state == DeliveryState::kDropped) {
    return {.reason = v1::DELIVERY_REASON_DROPPED,
            .text =
                "It failed, and when its next attempt came, event_types or payload_filter no "
                "longer let it through.",
            .since = last};
  }
  if (std::optional<Explanation> blocked = Blocked(endpoint, now)) return *std::move(blocked);
  if (!delivery.next_attempt_time || *delivery.next_attempt_time <= now) {
    return BeingSent(endpoint, now);
  }
  std::string text = "It is to be sent again.";
  if (last) {
    text = "Attempt " + std::to_string(delivery.attempts.size()) + " failed (" +
           delivery.attempts.back().error_class + "); it is tried again.";
  }
  return {.reason = v1::DELIVERY_REASON_RETRY_SCHEDULED,
          .text = std::move(text),
          .since = last,
          .next = delivery.next_attempt_time};
}

// The order of a key is in its way before any of these is.
bool WaitsForItsTurn(v1::DeliveryReason reason) {
  return reason == v1::DELIVERY_REASON_BEING_SENT || reason == v1::DELIVERY_REASON_WAITING ||
         reason == v1::DELIVERY_REASON_RATE_LIMITED;
}

// Of an event that the endpoint wants and that has not been tried.
base::Task<absl::StatusOr<Explanation>> Untried(base::CallContext ctx, storage::EventLog* log,
                                                storage::EndpointWithHealth endpoint,
                                                int64_t created_index, int64_t index,
                                                base::Time now) {
  if (index == 0) {
    co_return Explanation{.reason = v1::DELIVERY_REASON_NOT_SEQUENCED,
                          .text = "It was recorded and has no place in the log yet."};
  }
  if (index <= created_index) {
    co_return Explanation{.reason = v1::DELIVERY_REASON_BEFORE_ENDPOINT,
                          .text = "It was recorded before the endpoint was created."};
  }
  const int64_t position = endpoint.health.position;
  if (index <= position) {
    co_return NotMatched(
        "When its turn came, the endpoint's event_types or payload_filter did not let it through.");
  }
  if (std::optional<Explanation> blocked = Blocked(endpoint, now)) co_return *std::move(blocked);
  const storage::Endpoint& settings = endpoint.endpoint;
  GH_CO_ASSIGN_OR_RETURN(const storage::EventLog::EntryRange next,
                         co_await log->ReadEntries(ctx, settings.tenant_id, position + 1,
                                                   settings.max_in_flight, settings.event_types));
  const Explanation turn = BeingSent(endpoint, now);
  if (next.last_index >= index || turn.reason == v1::DELIVERY_REASON_RATE_LIMITED) co_return turn;
  co_return Explanation{.reason = v1::DELIVERY_REASON_WAITING,
                        .text =
                            "Earlier events are being sent, as many at a time as the "
                            "endpoint's max_in_flight allows."};
}

}  // namespace

base::Task<absl::StatusOr<std::optional<base::Uuid>>> WebhookService::FindPredecessor(
    base::CallContext ctx, storage::Endpoint endpoint, storage::LoggedEvent event) {
  const std::string ordering_key = storage::OrderingKeyOf(event.event);
  if (ordering_key.empty() || event.index == 0) co_return std::nullopt;
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::DeliveryStore::Predecessor> before,
                         co_await deps_.deliveries.ListPredecessors(
                             ctx, {endpoint.tenant_id, endpoint.id}, ordering_key, event.index));
  const delivery::WantedEvents wanted(endpoint.event_types, endpoint.payload_filter);
  for (const storage::DeliveryStore::Predecessor& one : before) {
    if (one.retrying) co_return one.event_id;
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::LoggedEvent> other,
                           co_await deps_.log.Get(ctx, endpoint.tenant_id, one.event_id));
    if (!other || !wanted.Wants(other->event.type, delivery::BuildPayload(other->event))) continue;
    // Beyond the position, but delivered: others before it are not settled yet.
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Delivery> tried,
                           co_await deps_.deliveries.GetDelivery(
                               ctx, {endpoint.tenant_id, endpoint.id}, one.event_id));
    if (!tried || tried->state == DeliveryState::kRetrying) co_return one.event_id;
  }
  co_return std::nullopt;
}

base::Task<absl::StatusOr<int64_t>> WebhookService::CreatedIndex(base::CallContext ctx,
                                                                 storage::Endpoint endpoint) {
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<int64_t> index,
      co_await deps_.log.FirstAbout(ctx, endpoint.tenant_id, endpoint.id.ToString(),
                                    std::string(storage::event_types::kEndpointCreated)));
  if (index) co_return *index;
  // It has no index yet, so it comes after all that have; or it is no longer kept.
  co_return endpoint.created_event_id ? INT64_MAX : 0;
}

WebhookService::Result<v1::ExplainDeliveryResponse> WebhookService::ExplainDelivery(
    base::CallContext ctx, v1::ExplainDeliveryRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const std::optional<base::Uuid> event_id = checks.RequireUuid("event_id", request.event_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const storage::EndpointKey key{ctx.principal().tenant_id, *id};
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::EndpointWithHealth> endpoint,
                         co_await deps_.endpoints.Get(ctx, key.tenant_id, key.endpoint_id));
  if (!endpoint) {
    GH_CO_ASSIGN_OR_RETURN(const auto sent,
                           co_await deps_.deliveries.ListDeliveries(ctx, {.key = key, .limit = 1}));
    if (!sent) co_return EndpointNotFound();
  }
  GH_CO_ASSIGN_OR_RETURN(const storage::LoggedEvent event, co_await ReadEvent(ctx, *event_id));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Delivery> delivery,
                         co_await deps_.deliveries.GetDelivery(ctx, key, *event_id));

  const base::Time now = deps_.clock.Now();
  // Of what lies beyond the position nothing can be gone; one that is deleted has no position.
  const bool passed = event.index > 0 && (!endpoint || event.index <= endpoint->health.position);
  bool forgotten = false;
  if (passed && !delivery) {
    GH_CO_ASSIGN_OR_RETURN(forgotten,
                           co_await deps_.deliveries.IsNoLongerKnown(ctx, key, *event_id));
  }
  std::optional<Explanation> found;
  if (delivery && delivery->state == DeliveryState::kSucceeded) {
    found = Delivered(*delivery);
  } else if (forgotten) {
    found = NoLongerKnown();
  } else if (!endpoint) {
    found = Deleted(delivery);
  } else if (delivery && delivery->state != DeliveryState::kRetrying) {
    found = Failed(*delivery, *endpoint, now);
  } else if (std::optional<Explanation> unwanted = Unwanted(endpoint->endpoint, event.event)) {
    found = std::move(unwanted);
  } else if (delivery) {
    found = Failed(*delivery, *endpoint, now);
  } else {
    GH_CO_ASSIGN_OR_RETURN(const int64_t created, co_await CreatedIndex(ctx, endpoint->endpoint));
    GH_CO_ASSIGN_OR_RETURN(found,
                           co_await Untried(ctx, &deps_.log, *endpoint, created, event.index, now));
  }
  if (endpoint && WaitsForItsTurn(found->reason)) {
    GH_CO_ASSIGN_OR_RETURN(const std::optional<base::Uuid> behind,
                           co_await FindPredecessor(ctx, endpoint->endpoint, event));
    if (behind) found = Behind(*behind);
  }

  v1::ExplainDeliveryResponse response;
  response.set_reason(found->reason);
  response.set_explanation(std::move(found->text));
  if (found->behind) response.set_behind_event_id(found->behind->ToString());
  if (found->since) SetTimestamp(*found->since, response.mutable_since_time());
  if (found->next) SetTimestamp(*found->next, response.mutable_next_attempt_time());
  if (delivery) ToProto(key, *delivery, *response.mutable_delivery());
  co_return response;
}

}  // namespace gatehouse::service
