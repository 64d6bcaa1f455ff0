#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

absl::StatusOr<std::optional<storage::DeliveryState>> StateFilter(v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_UNSPECIFIED:
      return std::nullopt;
    case v1::DELIVERY_STATE_SUCCEEDED:
    case v1::DELIVERY_STATE_RETRYING:
    case v1::DELIVERY_STATE_EXHAUSTED:
      return static_cast<storage::DeliveryState>(state);
    case v1::DELIVERY_STATE_DROPPED:
      // Nothing is kept of it by which it could be found.
      return base::InvalidField("state", "must be SUCCEEDED, RETRYING or EXHAUSTED, or unset");
    default:
      return base::InvalidField("state", "is not a known state");
  }
}

}  // namespace

absl::Status WebhookService::EndpointNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "no such endpoint",
                         {.reason = base::Reason::kEndpointNotFound});
}

base::Task<absl::StatusOr<storage::EndpointWithHealth>> WebhookService::Read(base::CallContext ctx,
                                                                             base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::EndpointWithHealth> endpoint,
                         co_await deps_.endpoints.Get(ctx, ctx.principal().tenant_id, id));
  if (!endpoint) co_return EndpointNotFound();
  co_return *std::move(endpoint);
}

WebhookService::Result<v1::GetEndpointResponse> WebhookService::GetEndpoint(
    base::CallContext ctx, v1::GetEndpointRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth endpoint, co_await Read(ctx, *id));
  v1::GetEndpointResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(endpoint, deps_.clock.Now(), *response.mutable_endpoint()));
  co_return response;
}

WebhookService::Result<v1::GetPublicKeysResponse> WebhookService::GetPublicKeys(
    base::CallContext ctx, v1::GetPublicKeysRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth found, co_await Read(ctx, *id));
  v1::GetPublicKeysResponse response;
  for (const storage::EndpointSecret& pair :
       storage::LiveSecrets(found.endpoint.key_pairs, deps_.clock.Now())) {
    KeyPairToProto(pair, *response.add_keys());
  }
  co_return response;
}

WebhookService::Result<v1::ListEndpointsResponse> WebhookService::ListEndpoints(
    base::CallContext ctx, v1::ListEndpointsRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const PageScope scope{.method = "ListEndpoints", .tenant_id = tenant_id};
  storage::EndpointStore::ListQuery query{.tenant_id = tenant_id,
                                          // One more tells whether there is another page.
                                          .limit = int64_t{page_size} + 1,
                                          .max_bytes = static_cast<int64_t>(kMaxPageBytes)};
  GH_CO_ASSIGN_OR_RETURN(query.before, deps_.page_tokens.IdBehind(scope, request.page_token()));
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointStore::Page page,
                         co_await deps_.endpoints.List(ctx, query));
  const base::Time now = deps_.clock.Now();
  v1::ListEndpointsResponse response;
  size_t bytes = 0;
  bool more = page.cut;
  for (const storage::EndpointWithHealth& endpoint : page.endpoints) {
    if (response.endpoints_size() == page_size || bytes > kMaxPageBytes) {
      more = true;
      break;
    }
    v1::Endpoint& added = *response.add_endpoints();
    GH_CO_RETURN_IF_ERROR(ToProto(endpoint, now, added));
    bytes += added.ByteSizeLong();
  }
  if (more) {
    response.set_next_page_token(
        deps_.page_tokens.Make(scope, {response.endpoints().rbegin()->id()}));
  }
  co_return response;
}

WebhookService::Result<v1::ListDeliveriesResponse> WebhookService::ListDeliveries(
    base::CallContext ctx, v1::ListDeliveriesRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size());
  checks.Check(page_size.status());
  const auto state = StateFilter(request.state());
  checks.Check(state.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const PageScope scope{.method = "ListDeliveries",
                        .tenant_id = ctx.principal().tenant_id,
                        .query = {id->ToString(), std::to_string(request.state())}};
  storage::DeliveryStore::DeliveryQuery query{.key = {scope.tenant_id, *id},
                                              .state = *state,
                                              .limit = int64_t{*page_size} + 1,
                                              .max_bytes = static_cast<int64_t>(kMaxPageBytes)};
  if (!request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> position,
                           deps_.page_tokens.Open(scope, request.page_token()));
    const std::string& index = position.at(0);
    int64_t before = 0;
    std::from_chars(index.data(), index.data() + index.size(), before);
    query.before = before;
  }
  GH_CO_ASSIGN_OR_RETURN(const std::optional<std::vector<storage::Delivery>> deliveries,
                         co_await deps_.deliveries.ListDeliveries(ctx, query));
  if (!deliveries) co_return EndpointNotFound();
  v1::ListDeliveriesResponse response;
  size_t bytes = 0;
  for (const storage::Delivery& delivery : *deliveries) {
    v1::Delivery next;
    ToProto(query.key, delivery, next);
    bytes += next.ByteSizeLong();
    const int size = response.deliveries_size();
    // The first fits by itself; what the store left out for its size begins after
    // one that does not.
    if (size == *page_size || (size > 0 && bytes > kMaxPageBytes)) {
      const int64_t last = response.deliveries(size - 1).event_index();
      response.set_next_page_token(deps_.page_tokens.Make(scope, {std::to_string(last)}));
      break;
    }
    response.mutable_deliveries()->Add(std::move(next));
  }
  co_return response;
}

}  // namespace gatehouse::service
