// Logins by a passkey alone, and what browsers are asked for one with, there and in second steps.

#include <optional>
#include <utility>

#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/relying_party.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/token/login_challenge.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "gatehouse/v1/session.pb.h"
#include "service/session/login/login_failures.h"
#include "service/session/login/user_credentials.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"

namespace gatehouse::service {

using base::CallContext;

SessionService::Result<v1::StartPasskeyLoginResponse> SessionService::StartPasskeyLogin(
    CallContext ctx, v1::StartPasskeyLoginRequest request) {
  GH_CO_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  GH_CO_RETURN_IF_ERROR(CheckPasskeyLogin(request));
  const base::Time now = deps_.clock.Now();
  v1::StartPasskeyLoginResponse response;
  if (!request.magic_link_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const MagicLink link,
                           co_await ReadMagicLink(ctx, request.magic_link_token()));
    GH_CO_ASSIGN_OR_RETURN(*response.mutable_options_json(),
                           co_await passkeys_.OptionsOf(ctx, auth::PasskeyPurpose::kSecondFactor,
                                                        link.user.tenant_id, link.user.id));
    co_return response;
  }
  if (request.challenge().empty()) {
    response.set_options_json(
        deps_.relying_party.RequestOptions(auth::PasskeyPurpose::kLogin, ctx.principal().tenant_id,
                                           /*user_id=*/{}, /*allow=*/{}, now));
    co_return response;
  }
  const std::optional<auth::LoginChallenge> challenge =
      deps_.challenges.Decode(request.challenge());
  if (!challenge || challenge->expire_time <= now) {
    co_return co_await FailLogin(ctx, request.challenge(), std::nullopt);
  }
  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, challenge->tenant_id));
  if (!entered) co_return co_await FailLogin(ctx, request.challenge(), std::nullopt);
  // That the user has no passkey it knows from the challenge's factors.
  GH_CO_ASSIGN_OR_RETURN(*response.mutable_options_json(),
                         co_await passkeys_.OptionsOf(ctx, auth::PasskeyPurpose::kSecondFactor,
                                                      challenge->tenant_id, challenge->user_id));
  co_return response;
}

SessionService::Result<v1::FinishPasskeyLoginResponse> SessionService::FinishPasskeyLogin(
    CallContext ctx, v1::FinishPasskeyLoginRequest request) {
  GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckNewSession(request));
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(PasskeyAnswers::Answer answer,
                         passkeys_.Read(request.passkey_json(), auth::PasskeyPurpose::kLogin, now));
  // Its id stands for the account: whose it is, only the passkey tells.
  const std::string account = base::Base64UrlEncode(answer.response.credential_id);
  const base::Uuid tenant_id = answer.challenge.tenant_id;
  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, tenant_id));
  if (!entered) co_return co_await FailLogin(ctx, account, std::nullopt);
  const LoginFailures::Attempt attempt = LoginFailures::Of(ctx, account);
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Begin(ctx, attempt));
  GH_CO_ASSIGN_OR_RETURN(PasskeyAnswers::Proof proof,
                         co_await passkeys_.Verify(ctx, std::move(answer), now));
  std::optional<storage::UserCredentials> user;
  if (!proof.user_id.is_nil()) {
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> found,
                           co_await deps_.users.Get(ctx, tenant_id, proof.user_id));
    if (found) user = CredentialsOf(*found);
  }
  if (!user || !user->may_log_in || !proof.use) {
    co_return co_await FailLogin(ctx, account, std::move(user));
  }
  const storage::Session session = MakeSession(ctx, *user,
                                               {.label = request.label(),
                                                .thread_id = request.thread_id(),
                                                .context_json = std::move(context_json),
                                                .amr = {"pop", "mfa"}});
  storage::SecondFactorUse use{.passkey = std::move(proof.use)};
  const absl::Status created =
      co_await AddSession(ctx, session, *user, std::nullopt, std::move(use));
  if (base::HasReason(created, base::Reason::kLoginFailed)) {
    co_return co_await FailLogin(ctx, account, std::move(user));
  }
  GH_CO_RETURN_IF_ERROR(created);
  deps_.failures.TakeBack(attempt);
  GH_CO_ASSIGN_OR_RETURN(const TokenIssuer::Tokens tokens, TokensOf(session, *user));
  v1::FinishPasskeyLoginResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, session.create_time, *response.mutable_session()));
  ToProto(tokens, *response.mutable_tokens());
  co_return response;
}

}  // namespace gatehouse::service
