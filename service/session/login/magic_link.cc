// A login by the token of a mail. Who has a second factor gives a code in the same call: the token
// is used up by the session that it makes, and by nothing before.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/limits/rate_limiter.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/token/login_challenge.h"
#include "auth/token/one_time_token.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/mail/request/mail_request_queue.h"
#include "service/session/login/user_credentials.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"
#include "storage/one_time_token/one_time_token_store.h"

namespace gatehouse::service {
namespace {

// RFC 8176: more than one channel. It stands for no second factor.
constexpr char kByMail[] = "mca";

absl::Status CodeNeeded() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "The user has a second factor: a code of it or one of its passkeys is "
                         "needed with the token, which stays good.",
                         {.reason = base::Reason::kSecondFactorState});
}

v1::AnswerChallengeRequest AnswerOf(const v1::FinishMagicLinkRequest& request) {
  v1::AnswerChallengeRequest answer;
  if (request.has_totp_code()) answer.set_totp_code(request.totp_code());
  if (request.has_recovery_code()) answer.set_recovery_code(request.recovery_code());
  if (request.has_passkey_json()) answer.set_passkey_json(request.passkey_json());
  return answer;
}

}  // namespace

SessionService::Result<v1::RequestMagicLinkResponse> SessionService::RequestMagicLink(
    base::CallContext ctx, v1::RequestMagicLinkRequest request) {
  GH_CO_RETURN_IF_ERROR(co_await deps_.mail_requests.Ask(ctx, storage::MailKind::kMagicLink,
                                                         std::move(*request.mutable_login())));
  co_return v1::RequestMagicLinkResponse();
}

SessionService::Result<std::optional<storage::SecondFactorUse>> SessionService::VerifyLinkCode(
    base::CallContext ctx, storage::UserCredentials user, v1::FinishMagicLinkRequest request) {
  if (!user.has_second_factor) co_return std::nullopt;
  if (request.answer_case() == v1::FinishMagicLinkRequest::ANSWER_NOT_SET) co_return CodeNeeded();
  const auto wait = codes_of_user_.Take(auth::LimitKey(user.tenant_id, user.id),
                                        std::chrono::steady_clock::now());
  if (wait) co_return auth::RateLimited(*wait, "codes of a user");
  const auth::LoginChallenge challenge{.tenant_id = user.tenant_id,
                                       .user_id = user.id,
                                       .user_epoch = user.epoch,
                                       .expire_time = base::Time::max()};
  GH_CO_ASSIGN_OR_RETURN(Answer answer, co_await VerifyAnswer(ctx, challenge, AnswerOf(request)));
  if (!answer.factor) {
    co_return co_await FailLogin(ctx, user.id.ToString(), std::move(answer.user));
  }
  co_return std::move(answer.factor);
}

SessionService::Result<SessionService::MagicLink> SessionService::ReadMagicLink(
    base::CallContext ctx, std::string token) {
  const std::optional<storage::OneTimeTokenKey> key =
      deps_.one_time_codec.Read({storage::OneTimePurpose::kMagicLink}, token);
  if (!key) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, key->tenant_id));
  if (!entered) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::OneTimeToken> found,
                         co_await deps_.one_time_tokens.Find(ctx, *key, deps_.clock.Now()));
  // Whose it was is not looked at any more: who has a spent one would learn of it by the time.
  if (!found) co_return auth::OneTimeTokenInvalid();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, key->tenant_id, key->user_id));
  if (!user) co_return auth::OneTimeTokenInvalid();
  MagicLink link{.key = *key, .user = CredentialsOf(*user)};
  if (!link.user.may_log_in) co_return auth::OneTimeTokenInvalid();
  co_return link;
}

SessionService::Result<v1::FinishMagicLinkResponse> SessionService::FinishMagicLink(
    base::CallContext ctx, v1::FinishMagicLinkRequest request) {
  GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckNewSession(request));
  GH_CO_ASSIGN_OR_RETURN(const MagicLink link, co_await ReadMagicLink(ctx, request.token()));
  const storage::UserCredentials& credentials = link.user;
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::SecondFactorUse> factor,
                         co_await VerifyLinkCode(ctx, credentials, request));

  const bool with_code = factor.has_value();
  std::vector<std::string> amr = {kByMail};
  if (with_code) amr.insert(amr.end(), {request.has_passkey_json() ? "pop" : "otp", "mfa"});
  const storage::Session session = MakeSession(ctx, credentials,
                                               {.label = request.label(),
                                                .thread_id = request.thread_id(),
                                                .context_json = std::move(context_json),
                                                .amr = std::move(amr)});
  const absl::Status created =
      co_await AddSession(ctx, session, credentials, std::nullopt, std::move(factor), link.key);
  if (base::HasReason(created, base::Reason::kLoginFailed)) {
    co_return co_await FailLogin(ctx, credentials.id.ToString(), credentials);
  }
  GH_CO_RETURN_IF_ERROR(created);
  if (with_code) codes_of_user_.GiveBack(auth::LimitKey(credentials.tenant_id, credentials.id));
  GH_CO_ASSIGN_OR_RETURN(const TokenIssuer::Tokens tokens, TokensOf(session, credentials));
  v1::FinishMagicLinkResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, session.create_time, *response.mutable_session()));
  ToProto(tokens, *response.mutable_tokens());
  co_return response;
}

}  // namespace gatehouse::service
