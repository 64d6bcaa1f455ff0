#include <chrono>
#include <optional>
#include <utility>

#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/etag.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

// How long a deleted user can be brought back before its row may go.
constexpr auto kPurgeAfter = std::chrono::days(30);

}  // namespace

UserService::Result<v1::DeleteUserResponse> UserService::DeleteUser(base::CallContext ctx,
                                                                    v1::DeleteUserRequest request) {
  return deps_.once.Run(ctx, std::move(request), Replay::kLookUpFirst, this,
                        &UserService::DoDeleteUser);
}

UserService::Result<v1::DeleteUserResponse> UserService::DoDeleteUser(base::CallContext ctx,
                                                                      v1::DeleteUserRequest request,
                                                                      MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (int attempt = 1; attempt <= kMaxChangeAttempts; ++attempt) {
    GH_CO_ASSIGN_OR_RETURN(storage::User current, co_await ReadUser(ctx, *id));
    absl::StatusOr<v1::DeleteUserResponse> response =
        co_await TryDeleteUser(ctx, request, key, std::move(current));
    if (!WasOutrun(response.status(), request.etag())) co_return response;
  }
  co_return KeptChanging("user");
}

UserService::Result<v1::DeleteUserResponse> UserService::TryDeleteUser(
    base::CallContext ctx, v1::DeleteUserRequest request, MutationKey key, storage::User current) {
  if (IsSelf(ctx.principal(), current)) co_return DeletesItself();
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, current.role));
  GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), current.version));

  const base::Time now = deps_.clock.Now();
  storage::User next = std::move(current);
  next.update_time = now;
  next.delete_time = now;
  next.purge_time = now + kPurgeAfter;
  ++next.version;
  v1::DeleteUserResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(next, *response.mutable_user()));
  if (request.validate_only()) co_return response;

  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserDeleted, next),
                 SessionsRevokedEvent(ctx, now, next, storage::revoke_reasons::kUserDeleted)},
      .idempotency = key.WithResponse(response, now)};
  // The store takes the version that must still be there.
  --next.version;
  GH_CO_ASSIGN_OR_RETURN(const int64_t epoch,
                         co_await deps_.users.Delete(ctx, next, std::move(change)));
  deps_.authenticator.UserRevoked(next.id, epoch);
  co_return response;
}

}  // namespace gatehouse::service
