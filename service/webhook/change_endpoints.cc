#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/etag.h"
#include "service/common/event_type.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/delivery/signature.h"
#include "service/webhook/endpoint_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

namespace event_types = storage::event_types;
using storage::EndpointState;

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

// What an endpoint receives, its owner reads: the server's own events, which tell of
// users and sessions, only reach URLs that somebody gave who may read them.
absl::Status CheckMayReceive(const base::CallContext& ctx, const storage::Endpoint& endpoint) {
  if (!CoversReservedTypes(endpoint.event_types)) return absl::OkStatus();
  return auth::RequirePermission(ctx.principal(), auth::Permission::kEventsRead);
}

}  // namespace

WebhookService::Result<v1::CreateEndpointResponse> WebhookService::CreateEndpoint(
    base::CallContext ctx, v1::CreateEndpointRequest request) {
  return deps_.once.Run(ctx, std::move(request), Replay::kOnConflict, this,
                        &WebhookService::DoCreate);
}

WebhookService::Result<v1::CreateEndpointResponse> WebhookService::DoCreate(
    base::CallContext ctx, v1::CreateEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::Endpoint endpoint{.tenant_id = ctx.principal().tenant_id,
                             .id = base::Uuid::MakeV7(now),
                             .create_time = now,
                             .update_time = now};
  const std::vector<std::string> all(kEndpointFields.begin(), kEndpointFields.end());
  ApplyEndpointFields(request.endpoint(), all, url_policy_, endpoint, checks);
  std::string signing_key;
  if (request.secret().empty()) {
    signing_key = delivery::MakeKey();
  } else {
    absl::StatusOr<std::string> parsed = delivery::ParseSecret(request.secret());
    if (checks.Check(parsed.status())) signing_key = *std::move(parsed);
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(CheckMayReceive(ctx, endpoint));
  endpoint.keys = {signing_key};

  v1::CreateEndpointResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto({.endpoint = endpoint}, *response.mutable_endpoint()));
  if (request.validate_only()) co_return response;
  const std::string details = JsonObject().Add("event_types", endpoint.event_types).ToString();
  storage::Change change{
      .events = {EndpointEvent(ctx, now, event_types::kEndpointCreated, endpoint, details)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.endpoints.Create(ctx, endpoint, std::move(change)));
  deps_.on_endpoint_changed(endpoint.tenant_id);
  // Only now: what is kept for retries holds no secret.
  response.set_secret(delivery::FormatSecret(signing_key));
  co_return response;
}

WebhookService::Result<v1::UpdateEndpointResponse> WebhookService::UpdateEndpoint(
    base::CallContext ctx, v1::UpdateEndpointRequest request) {
  return deps_.once.Run(ctx, std::move(request), Replay::kLookUpFirst, this,
                        &WebhookService::DoUpdate);
}

WebhookService::Result<v1::UpdateEndpointResponse> WebhookService::DoUpdate(
    base::CallContext ctx, v1::UpdateEndpointRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (int attempt = 1; attempt <= kMaxChangeAttempts; ++attempt) {
    GH_CO_ASSIGN_OR_RETURN(storage::EndpointWithHealth current, co_await Read(ctx, *id));
    absl::StatusOr<v1::UpdateEndpointResponse> response =
        co_await TryUpdate(ctx, request, key, std::move(current));
    if (!WasOutrun(response.status(), request.endpoint().etag())) co_return response;
  }
  co_return KeptChanging("endpoint");
}

WebhookService::Result<v1::UpdateEndpointResponse> WebhookService::TryUpdate(
    base::CallContext ctx, v1::UpdateEndpointRequest request, MutationKey key,
    storage::EndpointWithHealth current) {
  const storage::Endpoint& before = current.endpoint;
  GH_CO_RETURN_IF_ERROR(CheckEtag(request.endpoint().etag(), before.version));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kEndpointFields));
  storage::EndpointWithHealth next = current;
  FieldChecks checks;
  ApplyEndpointFields(request.endpoint(), fields, url_policy_, next.endpoint, checks);
  CheckHeadersAreForUrl(before, next.endpoint, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (next.endpoint.event_types != before.event_types || next.endpoint.url != before.url) {
    GH_CO_RETURN_IF_ERROR(CheckMayReceive(ctx, next.endpoint));
  }
  const std::vector<std::string> changed = ChangedEndpointFields(before, next.endpoint);

  const base::Time now = deps_.clock.Now();
  v1::UpdateEndpointResponse response;
  if (changed.empty()) {
    GH_CO_RETURN_IF_ERROR(ToProto(current, *response.mutable_endpoint()));
    co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  }
  const bool resume =
      before.state != EndpointState::kEnabled && next.endpoint.state == EndpointState::kEnabled;
  next.endpoint.update_time = now;
  next.endpoint.version = before.version + 1;
  if (resume) {
    next.health.breaker_open = false;
    next.health.consecutive_failures = 0;
  }
  GH_CO_RETURN_IF_ERROR(ToProto(next, *response.mutable_endpoint()));
  if (request.validate_only()) co_return response;
  storage::Change change{
      .events = {EndpointEvent(ctx, now, event_types::kEndpointUpdated, next.endpoint,
                               JsonObject().Add("fields", changed).ToString())},
      .idempotency = key.WithResponse(response, now)};
  // The store takes the version that must still be there.
  next.endpoint.version = before.version;
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.endpoints.Update(ctx, next.endpoint, resume, std::move(change)));
  deps_.on_endpoint_changed(next.endpoint.tenant_id);
  co_return response;
}

WebhookService::Result<v1::DeleteEndpointResponse> WebhookService::DeleteEndpoint(
    base::CallContext ctx, v1::DeleteEndpointRequest request) {
  return deps_.once.Run(ctx, std::move(request), Replay::kLookUpFirst, this,
                        &WebhookService::DoDelete);
}

WebhookService::Result<v1::DeleteEndpointResponse> WebhookService::DoDelete(
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
  deps_.on_endpoint_changed(endpoint.tenant_id);
  co_return response;
}

}  // namespace gatehouse::service
