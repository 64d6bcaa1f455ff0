#include <chrono>
#include <optional>
#include <utility>

#include "auth/password/password_hasher.h"
#include "auth/token/one_time_token.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/account_names.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/user/credential/one_time_tokens.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

using storage::OneTimePurpose;

constexpr base::Duration kUsualLifetime = std::chrono::hours(1);

}  // namespace

UserService::Result<v1::StartPasswordResetResponse> UserService::StartPasswordReset(
    base::CallContext ctx, v1::StartPasswordResetRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Duration lifetime =
      TokenLifetime(request.has_lifetime(), request.lifetime(), kUsualLifetime, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const bool by_mail, SendsToken(request.delivery(), deps_.mail_composer,
                                                        storage::MailKind::kPasswordReset));
  const bool validate_only = request.validate_only();
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await FindUser(ctx, std::move(request)));
  // Who has the token can log in as that user.
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
  std::optional<TokenMail> mail;
  if (by_mail) mail = {storage::MailKind::kPasswordReset, user.email.value_or("")};

  const base::Time now = deps_.clock.Now();
  const storage::OneTimeToken token{.key = {.purpose = OneTimePurpose::kPasswordReset},
                                    .create_time = now,
                                    .expire_time = now + lifetime};
  v1::StartPasswordResetResponse response;
  response.set_user_id(user.id.ToString());
  SetTimestamp(token.expire_time, response.mutable_expire_time());
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserPasswordResetStarted, user,
                           by_mail ? JsonObject().Add("delivery", "MAIL").ToString() : "{}")},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_ASSIGN_OR_RETURN(
      *response.mutable_token(),
      co_await MakeToken(ctx, user, token, std::move(change), std::move(mail), validate_only));
  co_return response;
}

UserService::Result<storage::User> UserService::FindUser(base::CallContext ctx,
                                                         v1::StartPasswordResetRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  FieldChecks checks;
  switch (request.user_case()) {
    case v1::StartPasswordResetRequest::kUserId: {
      const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
      GH_CO_RETURN_IF_ERROR(checks.ToStatus());
      co_return co_await ReadUser(ctx, *id);
    }
    case v1::StartPasswordResetRequest::kLogin: {
      checks.Length("login", request.login(), 1, kMaxRawNameBytes);
      GH_CO_RETURN_IF_ERROR(checks.ToStatus());
      const std::optional<std::string> login = AccountKey(request.login());
      if (!login) co_return UserNotFound();
      GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::UserCredentials> found,
                             co_await deps_.users.GetCredentials(ctx, tenant_id, *login));
      if (!found) co_return UserNotFound();
      co_return co_await ReadUser(ctx, found->id);
    }
    case v1::StartPasswordResetRequest::USER_NOT_SET:
      checks.Fail("user", "one of user_id and login must be set");
  }
  co_return checks.ToStatus();
}

UserService::Result<v1::FinishPasswordResetResponse> UserService::FinishPasswordReset(
    base::CallContext ctx, v1::FinishPasswordResetRequest request) {
  const base::Time now = deps_.clock.Now();
  std::optional<storage::OneTimeTokenKey> key =
      deps_.token_codec.Read({OneTimePurpose::kPasswordReset, OneTimePurpose::kInvitation,
                              OneTimePurpose::kRequestedReset},
                             request.token());
  GH_CO_ASSIGN_OR_RETURN(const TokenUse use, co_await FindToken(ctx, std::move(key), now));
  const storage::User& user = use.user;
  GH_CO_ASSIGN_OR_RETURN(std::string password,
                         co_await CheckNewPassword(ctx, user, "password", request.password()));
  GH_CO_RETURN_IF_ERROR(co_await RefuseLastPasswords(ctx, user, "password", password));
  GH_CO_ASSIGN_OR_RETURN(std::string password_hash,
                         co_await deps_.hasher.Hash(ctx, std::move(password)));
  storage::Change change{
      .events = {
          OwnEvent(ctx, now, storage::event_types::kUserPasswordChanged, user,
                   JsonObject().AddBool("keep_sessions", false).Add("by", "RESET").ToString()),
          OwnEvent(
              ctx, now, storage::event_types::kUserSessionsRevoked, user,
              JsonObject().Add("reason", storage::revoke_reasons::kPasswordChanged).ToString())}};
  GH_CO_ASSIGN_OR_RETURN(
      const int64_t epoch,
      co_await deps_.users.SetPassword(
          ctx, user.tenant_id, user.id, user.role, std::move(password_hash),
          /*keep_sessions=*/false, deps_.password_history, now, std::move(change), use.token.key));
  deps_.authenticator.UserRevoked(user.tenant_id, user.id, epoch);
  v1::FinishPasswordResetResponse response;
  response.set_user_id(user.id.ToString());
  co_return response;
}

}  // namespace gatehouse::service
