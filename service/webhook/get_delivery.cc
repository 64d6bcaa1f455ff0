#include <optional>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/validate.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {

WebhookService::Result<v1::GetDeliveryResponse> WebhookService::GetDelivery(
    base::CallContext ctx, v1::GetDeliveryRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const std::optional<base::Uuid> event_id = checks.RequireUuid("event_id", request.event_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const storage::EndpointKey key{ctx.principal().tenant_id, *id};
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Delivery> delivery,
                         co_await deps_.deliveries.GetDelivery(ctx, key, *event_id));
  if (!delivery) {
    co_return base::MakeError(absl::StatusCode::kNotFound,
                              "nothing of that event was sent to that endpoint",
                              {.reason = base::Reason::kDeliveryNotFound});
  }
  v1::GetDeliveryResponse response;
  ToProto(key, *delivery, *response.mutable_delivery());
  co_return response;
}

}  // namespace gatehouse::service
