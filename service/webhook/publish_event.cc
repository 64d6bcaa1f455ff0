#include <optional>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/webhook/published_event.h"
#include "service/webhook/webhook_service.h"
#include "storage/event.h"

namespace gatehouse::service {

absl::Status WebhookService::CheckBacklog(const base::CallContext& ctx,
                                          std::optional<base::Duration> max_age) {
  if (!deps_.check_backlog) return absl::OkStatus();
  return deps_.check_backlog(ctx.principal().tenant_id, max_age);
}

WebhookService::Result<v1::PublishEventResponse> WebhookService::PublishEvent(
    base::CallContext ctx, v1::PublishEventRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::Event event = PublishedEvent(ctx, now, "", request.type(), request.data(), checks);
  SetOrderingKey("", request.ordering_key(), event, checks);
  const std::optional<base::Duration> max_backlog_age =
      MaxBacklogAge(request.has_max_backlog_age(), request.max_backlog_age(), checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(
      const EventSchemas::Schemas schemas,
      co_await deps_.schemas.Find(ctx, ctx.principal().tenant_id, {request.type()}));
  CheckEventData(schemas, "", request.type(), request.data(), checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  v1::PublishEventResponse response;
  response.set_event_id(event.id.ToString());
  SetTimestamp(now, response.mutable_recorded_time());
  if (request.validate_only()) {
    response.clear_event_id();
    co_return response;
  }
  GH_CO_RETURN_IF_ERROR(CheckBacklog(ctx, max_backlog_age));
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.events.Append(ctx, std::move(event), key.WithResponse(response, now)));
  co_return response;
}

}  // namespace gatehouse::service
