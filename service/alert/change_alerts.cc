#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "service/alert/alert_conversion.h"
#include "service/alert/alert_service.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/validate.h"
#include "storage/after_change.h"
#include "storage/event_types.h"

namespace gatehouse::service {

// A change of an alert that is there, as a call asks for it.
struct AlertEdit {
  base::Uuid id;
  // If given, must be current.
  std::string etag;
  bool validate_only = false;
  std::string_view event_type;
  base::Task<absl::Status> (storage::AlertStore::*write)(base::CallContext, storage::Alert,
                                                         storage::Change) = nullptr;
  // Makes of the alert, as it was read, what it is to be. False if there is nothing to change.
  bool (*apply)(storage::Alert& alert, storage::AlertActor by) = nullptr;
};

namespace {

using storage::AlertState;

bool Acknowledge(storage::Alert& alert, storage::AlertActor by) {
  if (alert.state != AlertState::kOpen) return false;
  alert.state = AlertState::kAcknowledged;
  alert.acknowledged = std::move(by);
  return true;
}

bool Resolve(storage::Alert& alert, storage::AlertActor by) {
  if (alert.state == AlertState::kResolved) return false;
  alert.state = AlertState::kResolved;
  alert.resolved = std::move(by);
  alert.resolution = storage::kAlertByHand;
  return true;
}

// But for what it does.
template <typename Request>
absl::StatusOr<AlertEdit> EditOf(const Request& request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("alert_id", request.alert_id());
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return AlertEdit{.id = *id, .etag = request.etag(), .validate_only = request.validate_only()};
}

}  // namespace

template <typename Response>
AlertService::Result<Response> AlertService::Edit(base::CallContext ctx, AlertEdit edit,
                                                  MutationKey key) {
  for (ChangeAttempts attempts(edit.etag); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::Alert current, co_await Read(ctx, edit.id));
    GH_CO_RETURN_IF_ERROR(CheckEtag(edit.etag, current.version));
    const base::Time now = deps_.clock.Now();
    storage::Event event = storage::AlertEvent(
        ctx, now, edit.event_type, current.key, current.level, current.details_json,
        edit.event_type == storage::event_types::kAlertResolved ? storage::kAlertByHand
                                                                : std::string_view());
    storage::Alert next = current;
    Response response;
    if (!edit.apply(next, {.time = now, .type = event.actor.type, .id = event.actor.id})) {
      GH_CO_RETURN_IF_ERROR(ToProto(current, *response.mutable_alert()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(next), *response.mutable_alert()));
    if (edit.validate_only) co_return response;
    storage::Change change{.events = {std::move(event)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status written =
        co_await (deps_.alerts.*edit.write)(ctx, std::move(next), std::move(change));
    if (attempts.Outrun(written)) continue;
    GH_CO_RETURN_IF_ERROR(written);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("alert");
}

AlertService::Result<v1::AcknowledgeAlertResponse> AlertService::AcknowledgeAlert(
    base::CallContext ctx, v1::AcknowledgeAlertRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(AlertEdit edit, EditOf(request));
  edit.event_type = storage::event_types::kAlertAcknowledged;
  edit.write = &storage::AlertStore::Acknowledge;
  edit.apply = &Acknowledge;
  co_return co_await Edit<v1::AcknowledgeAlertResponse>(ctx, std::move(edit), key);
}

AlertService::Result<v1::ResolveAlertResponse> AlertService::ResolveAlert(
    base::CallContext ctx, v1::ResolveAlertRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(AlertEdit edit, EditOf(request));
  edit.event_type = storage::event_types::kAlertResolved;
  edit.write = &storage::AlertStore::Resolve;
  edit.apply = &Resolve;
  co_return co_await Edit<v1::ResolveAlertResponse>(ctx, std::move(edit), key);
}

}  // namespace gatehouse::service
