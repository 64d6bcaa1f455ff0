#include <optional>
#include <utility>
#include <vector>

#include "auth/api_key/api_key.h"
#include "auth/permission/permissions.h"
#include "auth/step_up/step_up.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/page_size.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxDisplayNameBytes = 100;

// The key that `request` describes, made by the caller of `ctx`.
absl::StatusOr<storage::ApiKey> NewKey(const base::CallContext& ctx, const v1::ApiKey& request,
                                       base::Time now) {
  const base::Principal& caller = ctx.principal();
  FieldChecks checks;
  storage::ApiKey key{.tenant_id = caller.tenant_id,
                      .id = base::Uuid::MakeV7(now),
                      .display_name = request.display_name(),
                      .create_time = now};
  if (!caller.id.is_nil()) key.creator_id = caller.id;
  checks.Length("api_key.display_name", key.display_name, 1, kMaxDisplayNameBytes);
  const std::vector<std::string> names(request.permissions().begin(), request.permissions().end());
  const auto permissions = auth::PermissionsFromNames("api_key.permissions", names);
  checks.Check(permissions.status());
  if (request.has_expire_time()) {
    const auto expire_time = TimeFromProto("api_key.expire_time", request.expire_time());
    if (checks.Check(expire_time.status())) {
      key.expire_time = *expire_time;
      if (*expire_time <= now) checks.Fail("api_key.expire_time", "must be in the future");
    }
  }
  key.ends_with_creator = request.ends_with_creator();
  if (key.ends_with_creator && caller.kind != base::Principal::Kind::kUser) {
    checks.Fail("api_key.ends_with_creator", "is for keys that a user makes");
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  // Each once, in one order.
  key.permissions = auth::PermissionNames(*permissions);
  GH_RETURN_IF_ERROR(auth::RequireWithinOwn(caller, *permissions));
  return key;
}

}  // namespace

Replay UserService::ReplayOf(const v1::CreateApiKeyRequest& request) {
  // A retry may come after the time at which no new key may stop working.
  return request.api_key().has_expire_time() ? Replay::kLookUpFirst : Replay::kOnConflict;
}

UserService::Result<v1::CreateApiKeyResponse> UserService::CreateApiKey(
    base::CallContext ctx, v1::CreateApiKeyRequest request, MutationKey key) {
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(storage::ApiKey made, NewKey(ctx, request.api_key(), now));
  GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal()));
  const auth::NewApiKey secret = auth::MakeApiKey(made.tenant_id);
  made.key_prefix = secret.prefix;
  v1::CreateApiKeyResponse response;
  ToProto(made, *response.mutable_api_key());
  if (request.validate_only()) {
    response.mutable_api_key()->clear_key_prefix();
    co_return response;
  }
  // What retries get is kept without the key: only its hash is ever stored.
  storage::Change change{
      .events = {KeyEvent(ctx, now, storage::event_types::kApiKeyCreated, made,
                          JsonObject().Add("permissions", made.permissions).ToString())},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.api_keys.Create(ctx, std::move(made), secret.hash, std::move(change)));
  response.set_key(secret.key);
  co_return response;
}

UserService::Result<v1::ListApiKeysResponse> UserService::ListApiKeys(
    base::CallContext ctx, v1::ListApiKeysRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const PageScope scope{.method = ctx.method(),
                        .tenant_id = tenant_id,
                        .query = {request.show_ended() ? "ended" : ""}};
  GH_CO_ASSIGN_OR_RETURN(const std::optional<base::Uuid> before,
                         deps_.page_tokens.IdBehind(scope, request.page_token()));
  // One more than wanted tells whether there is a next page.
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::ApiKey> keys,
                         co_await deps_.api_keys.List(ctx, tenant_id, before, request.show_ended(),
                                                      deps_.clock.Now(), page_size + 1));
  v1::ListApiKeysResponse response;
  for (const storage::ApiKey& key : keys) {
    if (response.api_keys_size() == page_size) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, {response.api_keys(page_size - 1).id()}));
      break;
    }
    ToProto(key, *response.add_api_keys());
  }
  co_return response;
}

UserService::Result<v1::RevokeApiKeyResponse> UserService::RevokeApiKey(
    base::CallContext ctx, v1::RevokeApiKeyRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("api_key_id", request.api_key_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  for (ChangeAttempts attempts(/*etag=*/""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<storage::ApiKey> found,
                           co_await deps_.api_keys.Get(ctx, tenant_id, *id));
    if (!found) co_return ApiKeyNotFound();
    v1::RevokeApiKeyResponse response;
    // Ending what has ended, also by itself, is no change, hence no event.
    const base::Time now = deps_.clock.Now();
    const bool live = found->IsLive(now);
    if (live) found->revoke_time = now;
    ToProto(*found, *response.mutable_api_key());
    if (!live) co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    if (request.validate_only()) co_return response;

    storage::Change change{
        .events = {KeyEvent(ctx, now, storage::event_types::kApiKeyRevoked, *found)},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status revoked =
        co_await deps_.api_keys.Revoke(ctx, tenant_id, *id, now, std::move(change));
    if (attempts.Outrun(revoked)) continue;
    GH_CO_RETURN_IF_ERROR(revoked);
    deps_.authenticator.ApiKeyRevoked(*id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("API key");
}

}  // namespace gatehouse::service
