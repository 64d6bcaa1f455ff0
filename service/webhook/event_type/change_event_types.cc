#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/event_type.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/webhook/event_type/event_type_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/after_change.h"
#include "storage/event_types.h"

namespace gatehouse::service {

namespace event_types = storage::event_types;

WebhookService::Result<v1::CreateEventTypeResponse> WebhookService::CreateEventType(
    base::CallContext ctx, v1::CreateEventTypeRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::EventType type{.tenant_id = ctx.principal().tenant_id,
                          .name = request.event_type().name(),
                          .create_time = now,
                          .update_time = now};
  CheckOwnEventType(checks, "event_type.name", type.name);
  const std::vector<std::string> all(kEventTypeFields.begin(), kEventTypeFields.end());
  ApplyEventTypeFields(request.event_type(), all, type, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  v1::CreateEventTypeResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(type, *response.mutable_event_type()));
  if (request.validate_only()) co_return response;
  storage::Change change{.events = {EventTypeEvent(ctx, now, event_types::kEventTypeCreated, type)},
                         .idempotency = key.WithResponse(response, now)};
  const base::Uuid tenant_id = type.tenant_id;
  GH_CO_RETURN_IF_ERROR(co_await deps_.event_types.Create(ctx, std::move(type), std::move(change)));
  deps_.schemas.Forget(tenant_id);
  co_return response;
}

WebhookService::Result<v1::UpdateEventTypeResponse> WebhookService::UpdateEventType(
    base::CallContext ctx, v1::UpdateEventTypeRequest request, MutationKey key) {
  FieldChecks checks;
  CheckOwnEventType(checks, "name", request.name());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kEventTypeFields));
  storage::EventType wanted;
  ApplyEventTypeFields(request.event_type(), fields, wanted, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const std::string& etag = request.event_type().etag();
  for (ChangeAttempts attempts(etag); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::EventType before,
                           co_await ReadEventType(ctx, request.name()));
    GH_CO_RETURN_IF_ERROR(CheckEtag(etag, before.version));
    const base::Time now = deps_.clock.Now();
    storage::EventType next = before;
    ApplyEventTypeFields(request.event_type(), fields, next, checks);
    const std::vector<std::string> changed = ChangedEventTypeFields(before, next);
    v1::UpdateEventTypeResponse response;
    if (changed.empty()) {
      GH_CO_RETURN_IF_ERROR(ToProto(before, *response.mutable_event_type()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    next.update_time = now;
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(next), *response.mutable_event_type()));
    if (request.validate_only()) co_return response;
    storage::Change change{
        .events = {EventTypeEvent(ctx, now, event_types::kEventTypeUpdated, next,
                                  JsonObject().Add("fields", changed).ToString())},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status updated = co_await deps_.event_types.Update(ctx, next, std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    deps_.schemas.Forget(next.tenant_id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("event type");
}

WebhookService::Result<v1::DeleteEventTypeResponse> WebhookService::DeleteEventType(
    base::CallContext ctx, v1::DeleteEventTypeRequest request, MutationKey key) {
  FieldChecks checks;
  CheckOwnEventType(checks, "name", request.name());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::EventType type,
                           co_await ReadEventType(ctx, request.name()));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), type.version));
    const base::Time now = deps_.clock.Now();
    const v1::DeleteEventTypeResponse response;
    if (request.validate_only()) co_return response;
    storage::Change change{
        .events = {EventTypeEvent(ctx, now, event_types::kEventTypeDeleted, type)},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status deleted = co_await deps_.event_types.Delete(ctx, type, std::move(change));
    if (attempts.Outrun(deleted)) continue;
    GH_CO_RETURN_IF_ERROR(deleted);
    deps_.schemas.Forget(type.tenant_id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("event type");
}

}  // namespace gatehouse::service
