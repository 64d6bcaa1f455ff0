#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/delivery/signature.h"
#include "service/webhook/endpoint/endpoint_edit.h"
#include "service/webhook/endpoint/endpoint_fields.h"
#include "service/webhook/may_receive.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

namespace event_types = storage::event_types;

// Header values are credentials that nobody gets to see again. Another URL may be another
// owner's: it gets none that was meant for the one before.
void CheckHeadersAreForUrl(const storage::Endpoint& before, const storage::Endpoint& after,
                           FieldChecks& checks) {
  if (before.url == after.url) return;
  for (const auto& [name, value] : before.headers) {
    const auto kept = after.headers.find(name);
    if (kept != after.headers.end() && kept->second == value) {
      checks.Fail("endpoint.headers",
                  "must be given anew, or left out, when the URL changes: put \"headers\" into the "
                  "mask");
      return;
    }
  }
}

// What `request` makes of `before`.
absl::StatusOr<std::optional<EndpointEdit::Outcome>> Updated(
    const base::CallContext& ctx, const v1::UpdateEndpointRequest& request,
    const storage::Endpoint& before, base::Time now, const UrlPolicy& url_policy) {
  GH_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                      ResolveMask("update_mask", request.update_mask(), kEndpointFields));
  storage::Endpoint next = before;
  FieldChecks checks;
  ApplyEndpointFields(request.endpoint(), fields, url_policy, now, next, checks);
  CheckHeadersAreForUrl(before, next, checks);
  GH_RETURN_IF_ERROR(checks.ToStatus());
  if (next.event_types != before.event_types || next.url != before.url ||
      next.payload_filter != before.payload_filter) {
    GH_RETURN_IF_ERROR(CheckMayReceive(ctx, next.event_types));
  }
  AddKeyPairFor(next, now);
  const std::vector<std::string> changed = ChangedEndpointFields(before, next);
  if (changed.empty()) return std::nullopt;
  return EndpointEdit::Outcome{.next = std::move(next),
                               .event_type = event_types::kEndpointUpdated,
                               .details_json = JsonObject().Add("fields", changed).ToString()};
}

}  // namespace

WebhookService::Result<v1::CreateEndpointResponse> WebhookService::CreateEndpoint(
    base::CallContext ctx, v1::CreateEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::Endpoint endpoint{.tenant_id = ctx.principal().tenant_id,
                             .id = base::Uuid::MakeV7(now),
                             .create_time = now,
                             .update_time = now};
  const std::vector<std::string> all(kEndpointFields.begin(), kEndpointFields.end());
  ApplyEndpointFields(request.endpoint(), all, url_policy_, now, endpoint, checks);
  std::string signing_key;
  if (request.secret().empty()) {
    signing_key = delivery::MakeKey();
  } else {
    absl::StatusOr<std::string> parsed = delivery::ParseSecret(request.secret());
    if (checks.Check(parsed.status())) signing_key = *std::move(parsed);
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(CheckMayReceive(ctx, endpoint.event_types));
  endpoint.secrets = {{.id = base::Uuid::MakeV7(now), .key = signing_key, .create_time = now}};
  AddKeyPairFor(endpoint, now);

  v1::CreateEndpointResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto({.endpoint = endpoint}, now, *response.mutable_endpoint()));
  if (request.validate_only()) co_return response;
  const std::string details = JsonObject().Add("event_types", endpoint.event_types).ToString();
  storage::Change change{
      .events = {EndpointEvent(ctx, now, event_types::kEndpointCreated, endpoint, details)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.endpoints.Create(ctx, endpoint, std::move(change)));
  deps_.on_endpoint_changed(endpoint.tenant_id, endpoint.id);
  // Only now: what is kept for retries holds no secret.
  response.set_secret(delivery::FormatSecret(signing_key));
  co_return response;
}

WebhookService::Result<v1::UpdateEndpointResponse> WebhookService::UpdateEndpoint(
    base::CallContext ctx, v1::UpdateEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  EndpointEdit edit{.id = *id,
                    .etag = request.endpoint().etag(),
                    .validate_only = request.validate_only(),
                    .plan = [this, ctx, request](const storage::Endpoint& before, base::Time now) {
                      return Updated(ctx, request, before, now, url_policy_);
                    }};
  co_return co_await Edit<v1::UpdateEndpointResponse>(ctx, std::move(edit), key);
}

WebhookService::Result<v1::DeleteEndpointResponse> WebhookService::DeleteEndpoint(
    base::CallContext ctx, v1::DeleteEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth current, co_await Read(ctx, *id));
  const storage::Endpoint& endpoint = current.endpoint;
  GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), endpoint.version));
  std::optional<int64_t> version;
  if (!request.etag().empty()) version = endpoint.version;
  const base::Time now = deps_.clock.Now();
  const v1::DeleteEndpointResponse response;
  if (request.validate_only()) co_return response;
  storage::Change change{
      .events = {EndpointEvent(ctx, now, event_types::kEndpointDeleted, endpoint)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.endpoints.Delete(ctx, endpoint.tenant_id, endpoint.id,
                                                        version, std::move(change)));
  deps_.on_endpoint_changed(endpoint.tenant_id, endpoint.id);
  co_return response;
}

}  // namespace gatehouse::service
