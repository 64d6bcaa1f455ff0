#include <optional>
#include <utility>

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

namespace gatehouse::service {

UserService::Result<v1::UndeleteUserResponse> UserService::UndeleteUser(
    base::CallContext ctx, v1::UndeleteUserRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> found,
                           co_await deps_.users.Get(ctx, ctx.principal().tenant_id, *id));
    if (!found) co_return UserNotFound();
    storage::User user = *std::move(found);
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), user.version));

    const base::Time now = deps_.clock.Now();
    v1::UndeleteUserResponse response;
    if (!user.delete_time) {
      GH_CO_RETURN_IF_ERROR(ToProto(user, *response.mutable_user()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    user.update_time = now;
    user.delete_time.reset();
    user.purge_time.reset();
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(user), *response.mutable_user()));
    if (request.validate_only()) {
      GH_CO_RETURN_IF_ERROR(co_await CheckNamesAreFree(ctx, user));
      co_return response;
    }
    storage::Change change{
        .events = {UserEvent(ctx, now, storage::event_types::kUserUndeleted, user)},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status status = co_await deps_.users.Undelete(ctx, user, std::move(change));
    if (attempts.Outrun(status)) continue;
    GH_CO_RETURN_IF_ERROR(status);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

}  // namespace gatehouse::service
