#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_EDIT_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_EDIT_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/after_change.h"
#include "storage/endpoint/endpoint.h"
#include "storage/endpoint/endpoint_store.h"

namespace gatehouse::service {

// A change of an endpoint that is there, as a call asks for it.
struct EndpointEdit {
  // What becomes of the endpoint, and what the log says of it.
  struct Outcome {
    storage::Endpoint next;
    std::string_view event_type;
    std::string details_json;
  };

  base::Uuid id;
  // If given, must be current.
  std::string etag;
  bool validate_only = false;
  // Of the endpoint as it was read; nullopt if there is nothing to change. Asked again if somebody
  // else changed it meanwhile.
  std::function<absl::StatusOr<std::optional<Outcome>>(const storage::Endpoint& before,
                                                       base::Time now)>
      plan;
};

template <typename Response>
WebhookService::Result<Response> WebhookService::Edit(base::CallContext ctx, EndpointEdit edit,
                                                      MutationKey key) {
  using enum storage::EndpointState;
  for (ChangeAttempts attempts(edit.etag); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth current, co_await Read(ctx, edit.id));
    GH_CO_RETURN_IF_ERROR(CheckEtag(edit.etag, current.endpoint.version));
    const base::Time now = deps_.clock.Now();
    GH_CO_ASSIGN_OR_RETURN(std::optional<EndpointEdit::Outcome> outcome,
                           edit.plan(current.endpoint, now));
    Response response;
    if (!outcome) {
      GH_CO_RETURN_IF_ERROR(ToProto(current, now, *response.mutable_endpoint()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    storage::Endpoint& next = outcome->next;
    next.update_time = now;
    const storage::EndpointStore::Transition transition{
        .resume = current.endpoint.state != kEnabled && next.state == kEnabled,
        .other_certificate = next.client_certificate != current.endpoint.client_certificate};
    storage::EndpointHealth health = current.health;
    if (transition.resume) {
      health.breaker_open = false;
      health.consecutive_failures = 0;
    }
    GH_CO_RETURN_IF_ERROR(ToProto({.endpoint = storage::AfterChange(next), .health = health}, now,
                                  *response.mutable_endpoint()));
    if (edit.validate_only) co_return response;
    storage::Change change{
        .events = {EndpointEvent(ctx, now, outcome->event_type, next, outcome->details_json)},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status updated =
        co_await deps_.endpoints.Update(ctx, next, transition, std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    deps_.on_endpoint_changed(next.tenant_id, next.id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("endpoint");
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_EDIT_H_
