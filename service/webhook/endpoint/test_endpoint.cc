#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/delivery/delivery_request.h"
#include "service/delivery/payload.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is left of the call for its answer, when the receiver has had its time.
constexpr milliseconds kForTheAnswer(1000);

// The body of a ping. It says nothing of who asked for it.
std::shared_ptr<const std::string> PingBody(const storage::Endpoint& endpoint,
                                            const base::Uuid& webhook_id, base::Time now) {
  return std::make_shared<const std::string>(delivery::BuildPayload(
      {.tenant_id = endpoint.tenant_id,
       .id = webhook_id,
       .type = std::string(storage::event_types::kWebhookPing),
       .actor = {.type = "system", .id = "", .label = "gatehouse"},
       .targets = {{.type = "endpoint", .id = endpoint.id.ToString(), .label = ""}},
       .occurred_time = now,
       .recorded_time = now}));
}

// An endpoint may take longer than a call.
milliseconds TimeoutOf(const base::CallContext& ctx, const storage::Endpoint& endpoint) {
  const auto left = std::chrono::duration_cast<milliseconds>(ctx.deadline() - steady_clock::now());
  return std::clamp(left - kForTheAnswer, milliseconds(1), endpoint.timeout);
}

}  // namespace

WebhookService::Result<v1::TestEndpointResponse> WebhookService::TestEndpoint(
    base::CallContext ctx, v1::TestEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth found, co_await Read(ctx, *id));
  const storage::Endpoint& endpoint = found.endpoint;
  const base::Time now = deps_.clock.Now();
  const base::Uuid webhook_id = base::Uuid::MakeV7(now);
  // Before anything leaves: a caller who gives up meanwhile is on record as well.
  storage::Event tested =
      EndpointEvent(ctx, now, storage::event_types::kEndpointTested, endpoint,
                    JsonObject().Add("webhook_id", webhook_id.ToString()).ToString());
  GH_CO_RETURN_IF_ERROR(co_await deps_.events.Append(ctx, std::move(tested)));
  delivery::HttpRequest ping =
      delivery::MakeDeliveryRequest(endpoint, webhook_id, PingBody(endpoint, webhook_id, now), now);
  ping.timeout = TimeoutOf(ctx, endpoint);
  GH_CO_ASSIGN_OR_RETURN(const delivery::HttpResult result,
                         co_await deps_.send(ctx, std::move(ping)));
  v1::TestEndpointResponse response;
  response.set_webhook_id(webhook_id.ToString());
  ToProto(1,
          {.start_time = now,
           .latency = result.latency,
           .status_code = result.status_code,
           .error_class = result.error_class,
           .response_head = delivery::ResponseHead(result.body)},
          *response.mutable_attempt());
  co_return co_await deps_.once.Unchanged(ctx, key, now, response);
}

}  // namespace gatehouse::service
