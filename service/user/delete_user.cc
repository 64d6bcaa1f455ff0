#include <chrono>
#include <optional>
#include <utility>

#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/after_change.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

// How long a deleted user can be brought back before its row may go.
constexpr auto kPurgeAfter = std::chrono::days(30);

}  // namespace

UserService::Result<v1::DeleteUserResponse> UserService::DeleteUser(base::CallContext ctx,
                                                                    v1::DeleteUserRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(storage::User user, co_await ReadUser(ctx, *id));
    if (IsSelf(ctx.principal(), user)) co_return DeletesItself();
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), user.version));

    const base::Time now = deps_.clock.Now();
    user.update_time = now;
    user.delete_time = now;
    user.purge_time = now + kPurgeAfter;
    v1::DeleteUserResponse response;
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(user), *response.mutable_user()));
    if (request.validate_only()) co_return response;

    storage::Change change{
        .events = {UserEvent(ctx, now, storage::event_types::kUserDeleted, user),
                   SessionsRevokedEvent(ctx, now, user, storage::revoke_reasons::kUserDeleted)},
        .idempotency = key.WithResponse(response, now)};
    const absl::StatusOr<int64_t> epoch = co_await deps_.users.Delete(ctx, user, std::move(change));
    if (attempts.Outrun(epoch.status())) continue;
    GH_CO_RETURN_IF_ERROR(epoch.status());
    deps_.authenticator.UserRevoked(user.id, *epoch);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

}  // namespace gatehouse::service
