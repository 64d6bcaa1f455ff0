#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/after_change.h"
#include "storage/api_key/api_key_store.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

// Of one user, in the answer and in the event.
constexpr size_t kMaxKeys = 1000;

absl::Status TooManyKeys() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "The user made more than 1,000 API keys that are good: end some before.",
                         {.reason = base::Reason::kConstraintViolated});
}

// Names the keys that the user made: who may do nothing any more may have left them to others.
storage::Event DeletedEvent(const base::CallContext& ctx, base::Time now, const storage::User& user,
                            const std::vector<storage::ApiKey>& keys) {
  std::vector<std::string> ids;
  for (const storage::ApiKey& key : keys) ids.push_back(key.id.ToString());
  JsonObject details;
  if (!ids.empty()) details.Add("api_keys", ids);
  return UserEvent(ctx, now, storage::event_types::kUserDeleted, user, details.ToString());
}

}  // namespace

UserService::Result<v1::DeleteUserResponse> UserService::DeleteUser(base::CallContext ctx,
                                                                    v1::DeleteUserRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (request.revoke_api_keys()) {
    GH_CO_RETURN_IF_ERROR(
        auth::RequirePermission(ctx.principal(), auth::Permission::kApiKeysWrite));
  }
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(storage::User user, co_await ReadUser(ctx, *id));
    if (IsSelf(ctx.principal(), user)) co_return DeletesItself();
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), user.version));

    const base::Time now = deps_.clock.Now();
    user.update_time = now;
    user.delete_time = now;
    user.purge_time = now + deps_.purge_after;
    GH_CO_ASSIGN_OR_RETURN(
        std::vector<storage::ApiKey> keys,
        co_await deps_.api_keys.ListByCreator(ctx, user.tenant_id, user.id, /*before=*/std::nullopt,
                                              /*show_ended=*/false, now, kMaxKeys + 1));
    if (request.revoke_api_keys() && keys.size() > kMaxKeys) co_return TooManyKeys();
    const bool all_known = keys.size() <= kMaxKeys;
    if (!all_known) keys.pop_back();
    storage::UserStore::MadeKeys known{.ids = {}, .end = request.revoke_api_keys()};
    for (storage::ApiKey& made : keys) {
      if (known.end) made.revoke_time = now;
      known.ids.push_back(made.id);
    }
    v1::DeleteUserResponse response;
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(user), *response.mutable_user()));
    if (auth::HasPermission(ctx.principal(), auth::Permission::kApiKeysRead)) {
      for (const storage::ApiKey& made : keys) ToProto(made, *response.add_api_keys());
    }
    if (request.validate_only()) co_return response;

    storage::Change change{
        .events = {DeletedEvent(ctx, now, user, keys),
                   SessionsRevokedEvent(ctx, now, user, storage::revoke_reasons::kUserDeleted)},
        .idempotency = key.WithResponse(response, now)};
    if (request.revoke_api_keys()) {
      for (const storage::ApiKey& made : keys) {
        change.events.Add(KeyEvent(ctx, now, storage::event_types::kApiKeyRevoked, made));
      }
    }
    const absl::StatusOr<int64_t> epoch = co_await deps_.users.Delete(
        ctx, user, std::move(change), all_known ? std::optional(known) : std::nullopt);
    if (attempts.Outrun(epoch.status())) continue;
    GH_CO_RETURN_IF_ERROR(epoch.status());
    deps_.authenticator.UserRevoked(user.tenant_id, user.id, *epoch);
    if (known.end) {
      for (const base::Uuid& made : known.ids) deps_.authenticator.ApiKeyRevoked(made);
    }
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

}  // namespace gatehouse::service
