#include <utility>

#include "auth/password/password_hasher.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_fields.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {

Replay UserService::ReplayOf(const v1::CreateUserRequest& request) {
  // A retry should not cost a password hash.
  return request.password().empty() ? Replay::kOnConflict : Replay::kLookUpFirst;
}

UserService::Result<v1::CreateUserResponse> UserService::CreateUser(base::CallContext ctx,
                                                                    v1::CreateUserRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::User user =
      NewUserOf(ctx.principal().tenant_id, request.user(), request.user_id(), now, checks);
  std::string password;
  if (!request.password().empty()) {
    auto checked = co_await CheckNewPassword(ctx, user, "password", request.password());
    if (checks.Check(checked.status())) password = *std::move(checked);
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));

  v1::CreateUserResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(user, *response.mutable_user()));
  if (request.validate_only()) {
    GH_CO_RETURN_IF_ERROR(co_await CheckCanBeAdded(ctx, user));
    co_return response;
  }
  std::optional<std::string> password_hash;
  if (!password.empty()) {
    GH_CO_ASSIGN_OR_RETURN(password_hash, co_await deps_.hasher.Hash(ctx, std::move(password)));
  }
  storage::Change change{.events = {UserEvent(ctx, now, storage::event_types::kUserCreated, user,
                                              JsonObject().Add("role", user.role).ToString())},
                         .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.users.Create(ctx, std::move(user), std::move(password_hash),
                                                    std::move(change)));
  co_return response;
}

base::Task<absl::Status> UserService::CheckCanBeAdded(base::CallContext ctx, storage::User user) {
  GH_CO_RETURN_IF_ERROR(co_await MayTryNames(ctx));
  GH_CO_ASSIGN_OR_RETURN(
      const storage::TakenIdentifiers taken,
      co_await deps_.bulk.imports.FindTaken(ctx, user.tenant_id, /*keys=*/{}, {user.id}));
  if (!taken.ids.empty()) co_return storage::Taken("the id", base::Reason::kIdTaken);
  GH_CO_RETURN_IF_ERROR(co_await CheckRoleExists(ctx, user.role));
  co_return co_await CheckNamesAreFree(ctx, std::move(user));
}

base::Task<absl::Status> UserService::CheckNamesAreFree(base::CallContext ctx, storage::User user) {
  // By either name: nobody's username may be another one's email address.
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::UserCredentials> by_username,
      co_await deps_.users.GetCredentials(ctx, user.tenant_id, user.username_key));
  if (by_username && by_username->id != user.id) {
    co_return storage::Taken("the username", base::Reason::kUsernameTaken);
  }
  if (!user.email_key) co_return absl::OkStatus();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::UserCredentials> by_email,
                         co_await deps_.users.GetCredentials(ctx, user.tenant_id, *user.email_key));
  if (by_email && by_email->id != user.id) {
    co_return storage::Taken("the email address", base::Reason::kEmailTaken);
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
