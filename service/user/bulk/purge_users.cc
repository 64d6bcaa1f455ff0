// PurgeUser and EraseUser: what of a deleted user goes at once. The rest goes by turns
// (user_purger.cc).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/bulk/account_purge.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxReasonBytes = 200;

absl::Status NotDeleted() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "The user is not deleted: DeleteUser comes first.",
                         {.reason = base::Reason::kConstraintViolated});
}

// Who is to be forgotten is named by its id alone, in what stays.
storage::Event ErasedEvent(const base::CallContext& ctx, base::Time now, const base::Uuid& user_id,
                           const std::string& reason) {
  JsonObject details;
  if (!reason.empty()) details.Add("reason", reason);
  return storage::MakeEvent(ctx, now, std::string(storage::event_types::kUserErased),
                            {{"user", user_id.ToString(), ""}}, details.ToString());
}

}  // namespace

UserService::Result<storage::User> UserService::ReadDeletedUser(base::CallContext ctx,
                                                                base::Uuid id, std::string etag) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, ctx.principal().tenant_id, id));
  if (!user) co_return UserNotFound();
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user->role));
  GH_CO_RETURN_IF_ERROR(CheckEtag(etag, user->version));
  if (!user->delete_time) co_return NotDeleted();
  co_return *std::move(user);
}

base::Task<absl::Status> UserService::PurgeAccount(base::CallContext ctx, storage::User user,
                                                   bool erase, base::Time now,
                                                   storage::Change change) {
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<base::Uuid> keys,
      co_await PurgeAccountWithKeys({.purges = deps_.bulk.purges, .api_keys = deps_.api_keys}, ctx,
                                    std::move(user), erase, now, std::move(change)));
  for (const base::Uuid& key : keys) deps_.authenticator.ApiKeyRevoked(key);
  co_return absl::OkStatus();
}

UserService::Result<v1::PurgeUserResponse> UserService::PurgeUser(base::CallContext ctx,
                                                                  v1::PurgeUserRequest request,
                                                                  MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const v1::PurgeUserResponse response;
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(storage::User user, co_await ReadDeletedUser(ctx, *id, request.etag()));
    if (request.validate_only()) co_return response;
    const base::Time now = deps_.clock.Now();
    storage::Change change{.events = {UserEvent(ctx, now, storage::event_types::kUserPurged, user,
                                                JsonObject().Add("by", "CALLER").ToString())},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status purged =
        co_await PurgeAccount(ctx, std::move(user), /*erase=*/false, now, std::move(change));
    if (attempts.Outrun(purged)) continue;
    GH_CO_RETURN_IF_ERROR(purged);
    deps_.authenticator.Forget(*id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

UserService::Result<v1::EraseUserResponse> UserService::EraseUser(base::CallContext ctx,
                                                                  v1::EraseUserRequest request,
                                                                  MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  checks.Length("reason", request.reason(), 0, kMaxReasonBytes);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(auth::RequirePermission(ctx.principal(), auth::Permission::kEventsWrite));
  const v1::EraseUserResponse response;
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    absl::StatusOr<storage::User> user = co_await ReadDeletedUser(ctx, *id, request.etag());
    const bool is_gone = base::HasReason(user.status(), base::Reason::kUserNotFound);
    if (!is_gone) GH_CO_RETURN_IF_ERROR(user.status());
    if (request.validate_only()) {
      if (!is_gone) co_return response;
      GH_CO_ASSIGN_OR_RETURN(const bool known, co_await deps_.bulk.purges.IsKnown(
                                                   ctx, ctx.principal().tenant_id, *id));
      if (!known) co_return UserNotFound();
      co_return response;
    }
    const base::Time now = deps_.clock.Now();
    storage::Change change{.events = {ErasedEvent(ctx, now, *id, request.reason())},
                           .idempotency = key.WithResponse(response, now)};
    absl::Status erased;
    if (is_gone) {
      erased = co_await deps_.bulk.purges.QueueErasure(ctx, ctx.principal().tenant_id, *id, now,
                                                       std::move(change));
    } else {
      erased = co_await PurgeAccount(ctx, *std::move(user), /*erase=*/true, now, std::move(change));
    }
    if (attempts.Outrun(erased)) continue;
    if (base::HasReason(erased, base::Reason::kUserNotFound)) co_return UserNotFound();
    GH_CO_RETURN_IF_ERROR(erased);
    deps_.authenticator.Forget(*id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

}  // namespace gatehouse::service
