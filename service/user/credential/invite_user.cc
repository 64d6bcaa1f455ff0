#include <chrono>
#include <optional>
#include <utility>

#include "auth/token/one_time_token.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/user/credential/one_time_tokens.h"
#include "service/user/user_conversion.h"
#include "service/user/user_fields.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr base::Duration kUsualLifetime = std::chrono::days(7);

storage::Change InvitationOf(const base::CallContext& ctx, base::Time now,
                             const storage::User& user, bool by_mail) {
  JsonObject details;
  if (by_mail) details.Add("delivery", "MAIL");
  return {.events = {
              UserEvent(ctx, now, storage::event_types::kUserCreated, user,
                        JsonObject().Add("role", user.role).ToString()),
              UserEvent(ctx, now, storage::event_types::kUserInvited, user, details.ToString())}};
}

}  // namespace

UserService::Result<v1::InviteUserResponse> UserService::InviteUser(base::CallContext ctx,
                                                                    v1::InviteUserRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  storage::User user =
      NewUserOf(ctx.principal().tenant_id, request.user(), request.user_id(), now, checks);
  const base::Duration lifetime =
      TokenLifetime(request.has_lifetime(), request.lifetime(), kUsualLifetime, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const bool by_mail, SendsToken(request.delivery(), deps_.mail_composer,
                                                        storage::MailKind::kInvitation));
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));

  auth::OneTimeTokenCodec::Made made =
      deps_.token_codec.Make(storage::OneTimePurpose::kInvitation, user.tenant_id, user.id);
  storage::OneTimeToken token{
      .key = std::move(made.key), .create_time = now, .expire_time = now + lifetime};
  storage::Change change = InvitationOf(ctx, now, user, by_mail);
  if (by_mail) {
    GH_CO_ASSIGN_OR_RETURN(storage::Mail mail,
                           deps_.mail_composer.ForToken({.kind = storage::MailKind::kInvitation,
                                                         .user = user,
                                                         .to = user.email.value_or(""),
                                                         .token = made.token,
                                                         .now = now,
                                                         .expire_time = token.expire_time}));
    change.mails.push_back(std::move(mail));
  }
  v1::InviteUserResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(user, *response.mutable_user()));
  SetTimestamp(token.expire_time, response.mutable_expire_time());
  if (request.validate_only()) {
    GH_CO_RETURN_IF_ERROR(co_await CheckCanBeAdded(ctx, user));
    co_return response;
  }
  change.idempotency = key.WithResponse(response, now);
  GH_CO_RETURN_IF_ERROR(co_await deps_.users.Create(ctx, std::move(user), std::nullopt,
                                                    std::move(change), std::move(token)));
  if (!by_mail) response.set_token(std::move(made.token));
  co_return response;
}

}  // namespace gatehouse::service
