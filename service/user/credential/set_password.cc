#include <optional>
#include <utility>

#include "auth/password/password_hasher.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {

UserService::Result<v1::SetPasswordResponse> UserService::SetPassword(
    base::CallContext ctx, v1::SetPasswordRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, *id));
  // Who sets a password can log in as that user.
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
  GH_CO_ASSIGN_OR_RETURN(std::string password,
                         co_await CheckNewPassword(ctx, user, "password", request.password()));
  const v1::SetPasswordResponse response;
  if (request.validate_only()) co_return response;
  // Not compared with those before (RefuseLastPasswords): the answer would tell somebody else what
  // the user's passwords were.
  GH_CO_ASSIGN_OR_RETURN(std::string password_hash,
                         co_await deps_.hasher.Hash(ctx, std::move(password)));

  const base::Time now = deps_.clock.Now();
  const bool keep = request.keep_sessions();
  storage::Change change{
      .events = {UserEvent(
          ctx, now, storage::event_types::kUserPasswordChanged, user,
          JsonObject().AddBool("keep_sessions", keep).Add("by", "ADMINISTRATOR").ToString())},
      .idempotency = key.WithResponse(response, now)};
  if (!keep) {
    change.events.Add(
        SessionsRevokedEvent(ctx, now, user, storage::revoke_reasons::kPasswordChanged));
  }
  GH_CO_ASSIGN_OR_RETURN(const int64_t epoch,
                         co_await deps_.users.SetPassword(
                             ctx, user.tenant_id, user.id, user.role, std::move(password_hash),
                             keep, deps_.password_history, now, std::move(change)));
  if (!keep) deps_.authenticator.UserRevoked(user.tenant_id, user.id, epoch);
  co_return response;
}

}  // namespace gatehouse::service
