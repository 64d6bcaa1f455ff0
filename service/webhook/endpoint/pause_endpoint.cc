#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/webhook/endpoint/endpoint_edit.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using storage::EndpointState;

// The edit that `request` asks for, by which the endpoint gets `state`.
template <typename Request>
absl::StatusOr<EndpointEdit> EditOfState(const Request& request, EndpointState state) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return EndpointEdit{
      .id = *id,
      .etag = request.etag(),
      .validate_only = request.validate_only(),
      .plan = [state](const storage::Endpoint& before,
                      base::Time) -> absl::StatusOr<std::optional<EndpointEdit::Outcome>> {
        if (before.state == state) return std::nullopt;
        EndpointEdit::Outcome outcome{
            .next = before,
            .event_type = storage::event_types::kEndpointUpdated,
            .details_json =
                JsonObject().Add("fields", std::vector<std::string>{"state"}).ToString()};
        outcome.next.state = state;
        outcome.next.disabled_reason.clear();
        return outcome;
      }};
}

}  // namespace

WebhookService::Result<v1::PauseEndpointResponse> WebhookService::PauseEndpoint(
    base::CallContext ctx, v1::PauseEndpointRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(EndpointEdit edit, EditOfState(request, EndpointState::kPaused));
  co_return co_await Edit<v1::PauseEndpointResponse>(ctx, std::move(edit), key);
}

WebhookService::Result<v1::ResumeEndpointResponse> WebhookService::ResumeEndpoint(
    base::CallContext ctx, v1::ResumeEndpointRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(EndpointEdit edit, EditOfState(request, EndpointState::kEnabled));
  co_return co_await Edit<v1::ResumeEndpointResponse>(ctx, std::move(edit), key);
}

}  // namespace gatehouse::service
