// The second step of a login. What fails here looks like a login that failed.

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "auth/limits/rate_limiter.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/second_factor/totp.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/token/login_challenge.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/timestamps.h"
#include "service/session/login/login_failures.h"
#include "service/session/login/user_credentials.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"

namespace gatehouse::service {

SessionService::Result<SessionService::Answer> SessionService::VerifyAnswer(
    base::CallContext ctx, auth::LoginChallenge challenge, v1::AnswerChallengeRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> found,
                         co_await deps_.users.Get(ctx, challenge.tenant_id, challenge.user_id));
  if (!found) co_return Answer();
  Answer answer{.user = CredentialsOf(*found), .factor = std::nullopt};
  const base::Time now = deps_.clock.Now();
  if (!answer.user->may_log_in || !answer.user->has_second_factor ||
      answer.user->epoch != challenge.user_epoch || challenge.expire_time <= now) {
    co_return answer;
  }
  if (request.has_passkey_json()) {
    GH_CO_ASSIGN_OR_RETURN(
        PasskeyAnswers::Answer asserted,
        passkeys_.Read(request.passkey_json(), auth::PasskeyPurpose::kSecondFactor, now));
    const bool hers = asserted.challenge.tenant_id == challenge.tenant_id &&
                      asserted.challenge.user_id == challenge.user_id;
    if (!hers) co_return answer;
    GH_CO_ASSIGN_OR_RETURN(PasskeyAnswers::Proof proof,
                           co_await passkeys_.Verify(ctx, std::move(asserted), now));
    if (!proof.use) co_return answer;
    answer.factor = {.passkey = std::move(proof.use)};
    co_return answer;
  }
  if (request.has_recovery_code()) {
    // Whether there is such a code, the login itself finds.
    answer.factor = {.recovery_hashes =
                         deps_.recovery_codes.Hashes(challenge.user_id, request.recovery_code())};
    co_return answer;
  }
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::TotpFactor> factor,
      co_await deps_.second_factors.Get(ctx, challenge.tenant_id, challenge.user_id));
  if (!factor) co_return answer;
  const std::optional<int64_t> step = auth::MatchTotp(factor->secret, request.totp_code(), now);
  if (step) answer.factor = {.totp_step = step};
  co_return answer;
}

SessionService::Result<v1::AnswerChallengeResponse> SessionService::AnswerChallenge(
    base::CallContext ctx, v1::AnswerChallengeRequest request) {
  GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckNewSession(request));
  const std::optional<auth::LoginChallenge> challenge =
      deps_.challenges.Decode(request.challenge());
  if (!challenge) co_return co_await FailLogin(ctx, request.challenge(), std::nullopt);

  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, challenge->tenant_id));
  if (!entered) co_return co_await FailLogin(ctx, request.challenge(), std::nullopt);

  const std::string account = challenge->user_id.ToString();
  const LoginFailures::Attempt attempt = LoginFailures::Of(ctx, account);
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Begin(ctx, attempt));
  const std::string user_key = auth::LimitKey(challenge->tenant_id, challenge->user_id);
  const auto wait = codes_of_user_.Take(user_key, std::chrono::steady_clock::now());
  if (wait) co_return auth::RateLimited(*wait, "codes of a user");
  GH_CO_ASSIGN_OR_RETURN(Answer answer, co_await VerifyAnswer(ctx, *challenge, request));
  if (!answer.factor) co_return co_await FailLogin(ctx, account, std::move(answer.user));

  const storage::Session session =
      MakeSession(ctx, *answer.user,
                  {.label = request.label(),
                   .thread_id = request.thread_id(),
                   .context_json = std::move(context_json),
                   .amr = {"pwd", request.has_passkey_json() ? "pop" : "otp", "mfa"}});
  std::optional<RememberedNow> remembered;
  if (request.remember_device() && options_.remember_device.count() > 0) {
    remembered = RememberDevice(session);
    answer.factor->remember = remembered->device;
  }
  const absl::Status created =
      co_await AddSession(ctx, session, *answer.user, std::nullopt, std::move(answer.factor));
  if (base::HasReason(created, base::Reason::kLoginFailed)) {
    co_return co_await FailLogin(ctx, account, std::move(answer.user));
  }
  GH_CO_RETURN_IF_ERROR(created);
  deps_.failures.TakeBack(attempt);
  codes_of_user_.GiveBack(user_key);
  GH_CO_ASSIGN_OR_RETURN(const TokenIssuer::Tokens tokens, TokensOf(session, *answer.user));
  v1::AnswerChallengeResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, session.create_time, *response.mutable_session()));
  ToProto(tokens, *response.mutable_tokens());
  if (remembered) {
    response.set_device_token(remembered->token);
    SetTimestamp(remembered->device.device.expire_time,
                 response.mutable_device_token_expire_time());
  }
  co_return response;
}

}  // namespace gatehouse::service
