#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "service/alert/alert_service.h"
#include "service/alert/destination/destination_fields.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/after_change.h"
#include "storage/event_types.h"

namespace gatehouse::service {

namespace event_types = storage::event_types;

AlertService::Result<v1::CreateAlertDestinationResponse> AlertService::CreateAlertDestination(
    base::CallContext ctx, v1::CreateAlertDestinationRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::AlertDestination destination{.tenant_id = ctx.principal().tenant_id,
                                        .id = base::Uuid::MakeV7(now),
                                        .create_time = now,
                                        .update_time = now};
  const std::vector<std::string> all(kDestinationFields.begin(), kDestinationFields.end());
  ApplyDestinationFields(request.destination(), all, destination, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(RequireKindsSeen(ctx.principal(), destination));
  GH_CO_RETURN_IF_ERROR(deps_.mail_composer.Require(storage::MailKind::kAlert));

  v1::CreateAlertDestinationResponse response;
  ToProto(destination, *response.mutable_destination());
  if (request.validate_only()) co_return response;
  storage::Change change{
      .events = {DestinationEvent(ctx, now, event_types::kAlertDestinationCreated, destination)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.destinations.Create(ctx, std::move(destination), std::move(change)));
  co_return response;
}

AlertService::Result<v1::UpdateAlertDestinationResponse> AlertService::UpdateAlertDestination(
    base::CallContext ctx, v1::UpdateAlertDestinationRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id =
      checks.RequireUuid("destination_id", request.destination_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kDestinationFields));
  storage::AlertDestination wanted;
  ApplyDestinationFields(request.destination(), fields, wanted, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const std::string& etag = request.destination().etag();
  for (ChangeAttempts attempts(etag); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::AlertDestination before,
                           co_await ReadDestination(ctx, *id));
    GH_CO_RETURN_IF_ERROR(RequireKindsSeen(ctx.principal(), before));
    GH_CO_RETURN_IF_ERROR(CheckEtag(etag, before.version));
    const base::Time now = deps_.clock.Now();
    storage::AlertDestination next = before;
    ApplyDestinationFields(request.destination(), fields, next, checks);
    GH_CO_RETURN_IF_ERROR(RequireKindsSeen(ctx.principal(), next));
    const std::vector<std::string> changed = ChangedDestinationFields(before, next);
    v1::UpdateAlertDestinationResponse response;
    if (changed.empty()) {
      ToProto(before, *response.mutable_destination());
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    next.update_time = now;
    ToProto(storage::AfterChange(next), *response.mutable_destination());
    if (request.validate_only()) co_return response;
    storage::Change change{
        .events = {DestinationEvent(ctx, now, event_types::kAlertDestinationUpdated, next,
                                    JsonObject().Add("fields", changed).ToString())},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status updated = co_await deps_.destinations.Update(ctx, next, std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("alert destination");
}

AlertService::Result<v1::DeleteAlertDestinationResponse> AlertService::DeleteAlertDestination(
    base::CallContext ctx, v1::DeleteAlertDestinationRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id =
      checks.RequireUuid("destination_id", request.destination_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::AlertDestination destination,
                           co_await ReadDestination(ctx, *id));
    GH_CO_RETURN_IF_ERROR(RequireKindsSeen(ctx.principal(), destination));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), destination.version));
    const v1::DeleteAlertDestinationResponse response;
    if (request.validate_only()) co_return response;
    const base::Time now = deps_.clock.Now();
    storage::Change change{
        .events = {DestinationEvent(ctx, now, event_types::kAlertDestinationDeleted, destination)},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status deleted =
        co_await deps_.destinations.Delete(ctx, destination, std::move(change));
    if (attempts.Outrun(deleted)) continue;
    GH_CO_RETURN_IF_ERROR(deleted);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("alert destination");
}

}  // namespace gatehouse::service
