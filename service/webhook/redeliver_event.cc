#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/delivery/payload.h"
#include "service/delivery/wanted_events.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"
#include "storage/ordering_key.h"

namespace gatehouse::service {
namespace {

storage::Event RedeliveredEvent(const base::CallContext& ctx, base::Time now,
                                const storage::Endpoint& endpoint, const storage::Event& event) {
  storage::Event made = EndpointEvent(ctx, now, storage::event_types::kWebhookRedelivered, endpoint,
                                      JsonObject().Add("event_type", event.type).ToString());
  made.targets.push_back({.type = "event", .id = event.id.ToString(), .label = ""});
  return made;
}

}  // namespace

base::Task<absl::StatusOr<storage::LoggedEvent>> WebhookService::ReadEvent(base::CallContext ctx,
                                                                           base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::LoggedEvent> event,
                         co_await deps_.log.Get(ctx, ctx.principal().tenant_id, id));
  if (!event) {
    co_return base::MakeError(absl::StatusCode::kNotFound, "no such event, or it is no longer kept",
                              {.reason = base::Reason::kEventNotFound});
  }
  co_return *std::move(event);
}

base::Task<absl::Status> WebhookService::CheckNotPending(base::CallContext ctx,
                                                         storage::EndpointWithHealth endpoint,
                                                         storage::LoggedEvent event) {
  const bool ordered = event.index > 0;
  if (ordered && event.index <= endpoint.health.position) co_return absl::OkStatus();
  // Beyond the position, but tried: others before it are not settled yet.
  std::optional<storage::Delivery> tried;
  if (ordered) {
    const storage::EndpointKey key{endpoint.endpoint.tenant_id, endpoint.endpoint.id};
    GH_CO_ASSIGN_OR_RETURN(tried, co_await deps_.deliveries.GetDelivery(ctx, key, event.event.id));
  }
  // A trial of an open breaker is no attempt of the event; nor does one count that waits for an
  // earlier event of its ordering key.
  const bool pending = !tried || (tried->state == storage::DeliveryState::kRetrying &&
                                  !tried->next_attempt_time.has_value());
  if (!pending) co_return absl::OkStatus();
  co_return base::MakeError(absl::StatusCode::kFailedPrecondition,
                            "the event still waits for its first attempt, which comes by itself",
                            {.reason = base::Reason::kDeliveryPending});
}

WebhookService::Result<v1::RedeliverEventResponse> WebhookService::RedeliverEvent(
    base::CallContext ctx, v1::RedeliverEventRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const std::optional<base::Uuid> event_id = checks.RequireUuid("event_id", request.event_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth endpoint, co_await Read(ctx, *id));
  GH_CO_ASSIGN_OR_RETURN(const storage::LoggedEvent event, co_await ReadEvent(ctx, *event_id));
  const delivery::WantedEvents wanted(endpoint.endpoint.event_types,
                                      endpoint.endpoint.payload_filter);
  if (!wanted.WantsType(event.event.type)) {
    co_return base::MakeError(
        absl::StatusCode::kFailedPrecondition,
        "the endpoint's event_types do not cover the event: add its type first",
        {.reason = base::Reason::kEventNotWanted});
  }
  if (!wanted.WantsBody(delivery::BuildPayload(event.event))) {
    co_return base::MakeError(absl::StatusCode::kFailedPrecondition,
                              "the endpoint's payload_filter is not true of the event",
                              {.reason = base::Reason::kEventNotWanted});
  }
  GH_CO_RETURN_IF_ERROR(co_await CheckNotPending(ctx, endpoint, event));

  const base::Time now = deps_.clock.Now();
  const storage::EndpointKey endpoint_key{endpoint.endpoint.tenant_id, endpoint.endpoint.id};
  v1::RedeliverEventResponse response;
  ToProto(endpoint_key,
          {.event_index = event.index,
           .event_id = event.event.id,
           .event_type = event.event.type,
           .state = storage::DeliveryState::kRetrying,
           .next_attempt_time = now},
          *response.mutable_delivery());
  if (request.validate_only()) co_return response;
  storage::Change change{.events = {RedeliveredEvent(ctx, now, endpoint.endpoint, event.event)},
                         .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.deliveries.Redeliver(ctx,
                                          {.key = endpoint_key,
                                           .event_index = event.index,
                                           .event_id = event.event.id,
                                           .event_type = event.event.type,
                                           .ordering_key = storage::OrderingKeyOf(event.event),
                                           .due = now},
                                          std::move(change)));
  co_return response;
}

}  // namespace gatehouse::service
