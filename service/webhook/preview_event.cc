#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/delivery/delivery_request.h"
#include "service/delivery/payload.h"
#include "service/delivery/payload_filter.h"
#include "service/delivery/queue/retry_schedule.h"
#include "service/delivery/wanted_events.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/endpoint/endpoint_rules.h"
#include "service/webhook/published_event.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

// Of the endpoints that would get an event, so many are named.
constexpr int kMaxNamed = 1'000;
// And so many are looked at together: what one wants takes 9 KiB at most.
constexpr int64_t kLookedAt = 250;

// One attempt's headers without what is secret of them.
void ShowHeaders(const storage::Endpoint& endpoint, const storage::Event& event, base::Time now,
                 v1::PreviewEventResponse& response) {
  const delivery::HttpRequest request = delivery::MakeDeliveryRequest(
      endpoint, event.id, std::make_shared<const std::string>(response.body()), now);
  for (const auto& [name, value] : request.headers) {
    const bool secret = name == delivery::kSignatureHeader || endpoint.headers.contains(name);
    (*response.mutable_headers())[name] = secret ? std::string(kHiddenValue) : value;
  }
}

}  // namespace

WebhookService::Result<v1::PreviewEventResponse> WebhookService::PreviewEvent(
    base::CallContext ctx, v1::PreviewEventRequest request) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  const base::Uuid endpoint_id = checks.OptionalUuid("endpoint_id", request.endpoint_id());
  const base::Uuid event_id = checks.OptionalUuid("event_id", request.event_id());
  std::vector<std::string> patterns(request.event_types().begin(), request.event_types().end());
  if (!patterns.empty()) checks.Check(CheckEventPatterns(patterns, "event_types"));
  const bool recorded = !request.event_id().empty();
  if (recorded && (!request.type().empty() || request.has_data())) {
    checks.Fail("event_id", "must be left out where type and data are given");
  }
  storage::Event event;
  if (!recorded) event = PublishedEvent(ctx, now, "", request.type(), request.data(), checks);
  std::string filter = request.payload_filter();
  checks.Check(delivery::PayloadFilter::Parse(filter, "payload_filter").status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const base::Uuid tenant_id = ctx.principal().tenant_id;
  if (!recorded) {
    GH_CO_ASSIGN_OR_RETURN(const EventSchemas::Schemas schemas,
                           co_await deps_.schemas.Find(ctx, tenant_id, {request.type()}));
    CheckEventData(schemas, "", request.type(), request.data(), checks);
    GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  }
  storage::Endpoint endpoint;
  if (recorded) {
    GH_CO_RETURN_IF_ERROR(auth::RequirePermission(ctx.principal(), auth::Permission::kEventsRead));
  }
  if (!request.endpoint_id().empty()) {
    GH_CO_ASSIGN_OR_RETURN(storage::EndpointWithHealth read, co_await Read(ctx, endpoint_id));
    endpoint = std::move(read.endpoint);
    if (patterns.empty()) patterns = endpoint.event_types;
    if (filter.empty()) filter = endpoint.payload_filter;
  } else if (patterns.empty() && !filter.empty()) {
    patterns = {"*"};
  }
  if (recorded) {
    GH_CO_ASSIGN_OR_RETURN(storage::LoggedEvent read, co_await ReadEvent(ctx, event_id));
    event = std::move(read.event);
  } else {
    GH_CO_ASSIGN_OR_RETURN(event.details_json,
                           co_await deps_.log.FormatDetails(ctx, event.details_json));
  }

  v1::PreviewEventResponse response;
  response.set_body(delivery::BuildPayload(event));
  ShowHeaders(endpoint, event, now, response);
  const nlohmann::json body = nlohmann::json::parse(response.body(), nullptr,
                                                    /*allow_exceptions=*/false);
  const auto wants = [&](std::span<const std::string> types, std::string_view payload_filter) {
    const delivery::WantedEvents wanted(types, payload_filter);
    return wanted.WantsType(event.type) && wanted.WantsBody(body);
  };
  response.set_matched(wants(patterns, filter));
  for (const base::Duration delay : delivery::RetryDelaysOf(endpoint)) {
    SetDuration(delay, response.add_retry_delays());
  }
  std::optional<base::Uuid> before;
  do {
    GH_CO_ASSIGN_OR_RETURN(
        const std::vector<storage::EndpointStore::Patterns> endpoints,
        co_await deps_.endpoints.ListPatterns(ctx, tenant_id, before, kLookedAt));
    for (const storage::EndpointStore::Patterns& other : endpoints) {
      if (response.endpoint_ids_size() == kMaxNamed) co_return response;
      if (wants(other.event_types, other.payload_filter)) {
        response.add_endpoint_ids(other.endpoint_id.ToString());
      }
    }
    before.reset();
    if (static_cast<int64_t>(endpoints.size()) == kLookedAt) before = endpoints.back().endpoint_id;
  } while (before);
  co_return response;
}

}  // namespace gatehouse::service
