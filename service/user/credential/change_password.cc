#include <optional>
#include <utility>
#include <vector>

#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_log/event_store.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

absl::Status Denied(std::string_view message, base::Reason reason) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, message, {.reason = reason});
}

storage::ChangeEvents EventsOf(const base::CallContext& ctx, base::Time now,
                               const storage::User& user, bool keep_sessions) {
  storage::ChangeEvents events(
      UserEvent(ctx, now, storage::event_types::kUserPasswordChanged, user,
                JsonObject().AddBool("keep_sessions", keep_sessions).Add("by", "USER").ToString()));
  if (!keep_sessions) {
    events.Add(UserEvent(ctx, now, storage::event_types::kUserSessionsRevoked, user,
                         JsonObject()
                             .Add("reason", storage::revoke_reasons::kPasswordChanged)
                             .Add("except_session_id", ctx.principal().session_id.ToString())
                             .ToString()));
  }
  return events;
}

}  // namespace

UserService::Result<v1::ChangePasswordResponse> UserService::ChangePassword(
    base::CallContext ctx, v1::ChangePasswordRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
  GH_CO_ASSIGN_OR_RETURN(std::string password, co_await CheckNewPassword(ctx, user, "new_password",
                                                                         request.new_password()));
  if (password == auth::NormalizePassword(request.current_password())) {
    co_return base::InvalidField("new_password", "is the one before",
                                 base::Reason::kPasswordPolicy);
  }
  storage::UserStore::PasswordExchange exchange;
  GH_CO_ASSIGN_OR_RETURN(exchange.from,
                         co_await VerifyOwnPassword(ctx, user, request.current_password()));
  GH_CO_RETURN_IF_ERROR(
      co_await RefuseLastPasswords(ctx, user, "new_password", password, exchange.from));
  const v1::ChangePasswordResponse response;
  if (request.validate_only()) co_return response;
  GH_CO_ASSIGN_OR_RETURN(exchange.to, co_await deps_.hasher.Hash(ctx, std::move(password)));
  exchange.history = deps_.password_history;
  if (!request.keep_sessions()) exchange.only_session = ctx.principal().session_id;

  const base::Time now = deps_.clock.Now();
  storage::Change change{.events = EventsOf(ctx, now, user, request.keep_sessions()),
                         .idempotency = key.WithResponse(response, now)};
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<base::Uuid> ended,
      co_await deps_.users.ChangePassword(ctx, user.tenant_id, user.id, std::move(exchange), now,
                                          std::move(change)));
  for (const base::Uuid& id : ended) deps_.authenticator.SessionRevoked(id);
  co_return response;
}

UserService::Result<storage::User> UserService::ReadSelf(base::CallContext ctx) {
  if (ctx.principal().kind != base::Principal::Kind::kUser) {
    co_return Denied("only users have passwords of their own", base::Reason::kPermissionDenied);
  }
  co_return co_await ReadUser(ctx, ctx.principal().id);
}

UserService::Result<std::string> UserService::VerifyOwnPassword(base::CallContext ctx,
                                                                storage::User user,
                                                                std::string password) {
  // Counted before the hash: else many at a time would all be looked at.
  GH_CO_RETURN_IF_ERROR(co_await limits_.Take(ctx, &limits_.own_passwords, user.id));
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::UserCredentials> credentials,
      co_await deps_.users.GetCredentials(ctx, user.tenant_id, user.username_key));
  std::optional<std::string> hash;
  if (credentials && credentials->id == user.id) hash = credentials->password_hash;
  const absl::StatusOr<bool> verified =
      co_await deps_.hasher.VerifyOrDummy(ctx, hash, auth::NormalizePassword(password));
  // Overload is not the caller's failure.
  if (base::HasReason(verified.status(), base::Reason::kHashingOverloaded) ||
      verified.value_or(false)) {
    limits_.own_passwords.GiveBack(ctx, user.id);
  }
  GH_CO_RETURN_IF_ERROR(verified.status());
  if (*verified) co_return *std::move(hash);
  storage::Event event =
      UserEvent(ctx, deps_.clock.Now(), storage::event_types::kUserPasswordRefused, user);
  event.outcome = storage::Outcome::kDenied;
  GH_CO_RETURN_IF_ERROR(co_await deps_.events.AppendNow(ctx, std::move(event)));
  co_return Denied("the current password is another one", base::Reason::kPasswordIncorrect);
}

}  // namespace gatehouse::service
