// What the methods with one-time tokens share.

#include "service/user/credential/one_time_tokens.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "auth/tenant/tenant_directory.h"
#include "auth/token/one_time_token.h"
#include "base/status.h"
#include "service/common/timestamps.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

constexpr base::Duration kShortest = std::chrono::minutes(1);
constexpr base::Duration kLongest = std::chrono::days(7);

}  // namespace

base::Duration TokenLifetime(bool given, const google::protobuf::Duration& value,
                             base::Duration usual, FieldChecks& checks) {
  if (!given) return usual;
  const absl::StatusOr<base::Duration> lifetime = DurationFromProto("lifetime", value);
  if (!checks.Check(lifetime.status())) return usual;
  if (*lifetime < kShortest || *lifetime > kLongest) {
    checks.Fail("lifetime", "must be 1 minute to 7 days");
  }
  return *lifetime;
}

absl::StatusOr<bool> SendsToken(v1::TokenDelivery delivery, const mail::MailComposer& composer,
                                storage::MailKind kind) {
  switch (delivery) {
    case v1::TOKEN_DELIVERY_UNSPECIFIED:
    case v1::TOKEN_DELIVERY_RESPONSE:
      return false;
    case v1::TOKEN_DELIVERY_MAIL:
      GH_RETURN_IF_ERROR(composer.Require(kind));
      return true;
    default:
      return base::InvalidField("delivery", "must be RESPONSE or MAIL");
  }
}

UserService::Result<std::string> UserService::MakeToken(base::CallContext ctx, storage::User user,
                                                        storage::OneTimeToken token,
                                                        storage::Change change,
                                                        std::optional<TokenMail> mail,
                                                        bool validate_only) {
  if (!validate_only) {
    GH_CO_RETURN_IF_ERROR(co_await limits_.Take(ctx, &limits_.tokens_of_user, user.id));
  }
  auth::OneTimeTokenCodec::Made made =
      deps_.token_codec.Make(token.key.purpose, user.tenant_id, user.id);
  token.key = std::move(made.key);
  if (mail) {
    GH_CO_ASSIGN_OR_RETURN(storage::Mail outgoing,
                           deps_.mail_composer.ForToken({.kind = mail->kind,
                                                         .user = user,
                                                         .to = std::move(mail->to),
                                                         .token = made.token,
                                                         .now = token.create_time,
                                                         .expire_time = token.expire_time}));
    change.mails.push_back(std::move(outgoing));
    made.token.clear();
  }
  if (validate_only) co_return std::string();
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.tokens.Put(ctx, std::move(token), std::move(user), std::move(change)));
  co_return std::move(made.token);
}

UserService::Result<UserService::TokenUse> UserService::FindToken(
    base::CallContext ctx, std::optional<storage::OneTimeTokenKey> key, base::Time now) {
  if (!key) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, key->tenant_id));
  if (!entered) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::OneTimeToken> found,
                         co_await deps_.tokens.Find(ctx, *key, now));
  if (!found) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, key->tenant_id, key->user_id));
  if (!user) co_return auth::OneTimeTokenInvalid();
  co_return TokenUse{.token = *std::move(found), .user = *std::move(user)};
}

}  // namespace gatehouse::service
