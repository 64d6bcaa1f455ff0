#include <chrono>
#include <optional>
#include <utility>

#include "auth/token/one_time_token.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/account_names.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/user/credential/one_time_tokens.h"
#include "service/user/user_mails.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr base::Duration kUsualLifetime = std::chrono::hours(24);

// `user` with the address that the token proves.
storage::User Verified(storage::User user, const storage::OneTimeToken& token, base::Time now) {
  user.email = token.email;
  user.email_key = token.email_key;
  user.email_verified_time = now;
  user.update_time = now;
  return user;
}

storage::Change ChangeOf(const base::CallContext& ctx, base::Time now, const storage::User& before,
                         const storage::User& after) {
  const bool other = before.email_key != after.email_key;
  storage::ChangeEvents events(OwnEvent(ctx, now, storage::event_types::kUserEmailVerified, after,
                                        JsonObject().AddBool("new_address", other).ToString()));
  if (other) {
    events.Add(OwnEvent(ctx, now, storage::event_types::kUserUpdated, after,
                        JsonObject().Add("fields", std::vector<std::string>{"email"}).ToString()));
  }
  return {.events = std::move(events)};
}

}  // namespace

UserService::Result<v1::StartEmailVerificationResponse> UserService::StartEmailVerification(
    base::CallContext ctx, v1::StartEmailVerificationRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  const base::Duration lifetime =
      TokenLifetime(request.has_lifetime(), request.lifetime(), kUsualLifetime, checks);
  std::optional<AccountName> other;
  if (!request.email().empty()) other = ReadEmail("email", request.email(), checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const bool by_mail, SendsToken(request.delivery(), deps_.mail_composer,
                                                        storage::MailKind::kEmailVerification));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, *id));
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));

  const base::Time now = deps_.clock.Now();
  storage::OneTimeToken token{.key = {.purpose = storage::OneTimePurpose::kEmailVerification},
                              .email = user.email,
                              .email_key = user.email_key,
                              .create_time = now,
                              .expire_time = now + lifetime};
  if (other) {
    token.email = std::move(other->text);
    token.email_key = std::move(other->key);
    if (token.email_key != user.email_key) {
      GH_CO_RETURN_IF_ERROR(co_await MayTryNames(ctx));
    }
    storage::User after = user;
    after.email_key = token.email_key;
    GH_CO_RETURN_IF_ERROR(co_await CheckNamesAreFree(ctx, std::move(after)));
  }
  if (!token.email) {
    co_return base::InvalidField("email", "is required for a user that has no address");
  }
  v1::StartEmailVerificationResponse response;
  response.set_email(*token.email);
  SetTimestamp(token.expire_time, response.mutable_expire_time());
  JsonObject details;
  details.AddBool("new_address", token.email_key != user.email_key);
  std::optional<TokenMail> mail;
  if (by_mail) {
    mail = {storage::MailKind::kEmailVerification, *token.email};
    details.Add("delivery", "MAIL");
  }
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserEmailVerificationStarted, user,
                           details.ToString())},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_ASSIGN_OR_RETURN(*response.mutable_token(),
                         co_await MakeToken(ctx, user, std::move(token), std::move(change),
                                            std::move(mail), request.validate_only()));
  co_return response;
}

UserService::Result<v1::FinishEmailVerificationResponse> UserService::FinishEmailVerification(
    base::CallContext ctx, v1::FinishEmailVerificationRequest request) {
  const base::Time now = deps_.clock.Now();
  for (ChangeAttempts attempts(""); attempts.Next();) {
    std::optional<storage::OneTimeTokenKey> key =
        deps_.token_codec.Read({storage::OneTimePurpose::kEmailVerification}, request.token());
    GH_CO_ASSIGN_OR_RETURN(const TokenUse use, co_await FindToken(ctx, std::move(key), now));
    const storage::User next = Verified(use.user, use.token, now);
    storage::Change change = ChangeOf(ctx, now, use.user, next);
    TellFormerAddress(deps_.mail_composer, use.user, next, now, change);
    const absl::StatusOr<int64_t> written =
        co_await deps_.users.Update(ctx, next, std::nullopt, std::move(change), use.token.key);
    if (attempts.Outrun(written.status())) continue;
    GH_CO_RETURN_IF_ERROR(written.status());
    v1::FinishEmailVerificationResponse response;
    response.set_user_id(next.id.ToString());
    response.set_email(*next.email);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

}  // namespace gatehouse::service
