// Login. Every failure costs the same: one read, one hash, one event or one more in a count.
// Beyond its limit (LoginFailures) an attempt costs none of them, whether the account exists or
// not.

#include <chrono>
#include <optional>
#include <utility>

#include "auth/passkey/relying_party.h"
#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "auth/token/login_challenge.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/account_names.h"
#include "service/common/timestamps.h"
#include "service/session/login/login_failures.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using storage::UserCredentials;

absl::Status LoginFailed() {
  return base::MakeError(absl::StatusCode::kUnauthenticated,
                         "The login or the password is wrong, or the account may not log in.",
                         {.reason = base::Reason::kLoginFailed});
}

// How long somebody may take to find their phone.
constexpr auto kChallengeLifetime = std::chrono::minutes(5);

v1::CreateSessionResponse Challenge(const auth::LoginChallengeCodec& codec,
                                    const UserCredentials& user,
                                    const storage::SecondFactors& factors, base::Time now) {
  const auth::LoginChallenge challenge{.tenant_id = user.tenant_id,
                                       .user_id = user.id,
                                       .user_epoch = user.epoch,
                                       .expire_time = now + kChallengeLifetime};
  v1::CreateSessionResponse response;
  v1::LoginChallenge& out = *response.mutable_challenge();
  out.set_token(codec.Encode(challenge));
  SetTimestamp(challenge.expire_time, out.mutable_expire_time());
  if (factors.has_app) out.add_factors(v1::SECOND_FACTOR_TOTP);
  if (factors.has_recovery_codes) out.add_factors(v1::SECOND_FACTOR_RECOVERY_CODE);
  if (factors.has_passkeys) out.add_factors(v1::SECOND_FACTOR_PASSKEY);
  return response;
}

}  // namespace

Task<absl::Status> SessionService::FailLogin(CallContext ctx, std::string login,
                                             std::optional<UserCredentials> user) {
  std::optional<storage::EventTarget> target;
  if (user) target = {"user", user->id.ToString(), user->username};
  LoginFailures::Attempt attempt = LoginFailures::Of(ctx, AccountKey(login).value_or(login));
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Failed(ctx, std::move(attempt), std::move(target)));
  co_return LoginFailed();
}

Task<absl::StatusOr<UserCredentials>> SessionService::VerifyPassword(CallContext ctx,
                                                                     std::string login,
                                                                     std::string password) {
  const std::string key = AccountKey(login).value_or("");
  const LoginFailures::Attempt attempt = LoginFailures::Of(ctx, key.empty() ? login : key);
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Begin(ctx, attempt));
  GH_CO_ASSIGN_OR_RETURN(std::optional<UserCredentials> user,
                         co_await deps_.users.GetCredentials(ctx, ctx.principal().tenant_id, key));
  std::optional<std::string> hash;
  if (user && user->may_log_in) hash = user->password_hash;
  const absl::StatusOr<bool> verified =
      co_await deps_.hasher.VerifyOrDummy(ctx, std::move(hash), auth::NormalizePassword(password));
  // Overload is not the caller's failure. Giving up is: it would be a way to try for nothing.
  if (base::HasReason(verified.status(), base::Reason::kHashingOverloaded)) {
    deps_.failures.TakeBack(attempt);
  }
  GH_CO_RETURN_IF_ERROR(verified.status());
  if (!*verified) co_return co_await FailLogin(ctx, std::move(login), std::move(user));
  deps_.failures.TakeBack(attempt);
  co_return *std::move(user);
}

SessionService::Result<v1::CreateSessionResponse> SessionService::CreateSession(
    CallContext ctx, v1::CreateSessionRequest request) {
  GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckNewSession(request));
  GH_CO_ASSIGN_OR_RETURN(const UserCredentials user,
                         co_await VerifyPassword(ctx, request.login(), request.password()));
  std::optional<storage::SecondFactorUse> device;
  if (user.has_second_factor && !request.device_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(device, co_await FindDevice(ctx, user, request.device_token()));
  }
  if (user.has_second_factor && !device) {
    // The step that ends the login does not have the password any more.
    GH_CO_RETURN_IF_ERROR(co_await UpgradeBeforeChallenge(ctx, user, request.password()));
    GH_CO_ASSIGN_OR_RETURN(storage::SecondFactors factors,
                           co_await deps_.second_factors.GetFactors(ctx, user.tenant_id, user.id));
    // Where passkeys were switched off since, none can answer.
    if (!deps_.relying_party.RequireEnabled().ok()) factors.has_passkeys = false;
    co_return Challenge(deps_.challenges, user, factors, deps_.clock.Now());
  }
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::PasswordUpgrade> upgrade,
                         co_await UpgradeOf(ctx, user, request.password()));
  const storage::Session session = MakeSession(ctx, user,
                                               {.label = request.label(),
                                                .thread_id = request.thread_id(),
                                                .context_json = std::move(context_json),
                                                .amr = {"pwd"}});
  const absl::Status created =
      co_await AddSession(ctx, session, user, std::move(upgrade), std::move(device));
  if (base::HasReason(created, base::Reason::kLoginFailed)) {
    co_return co_await FailLogin(ctx, request.login(), user);
  }
  GH_CO_RETURN_IF_ERROR(created);
  GH_CO_ASSIGN_OR_RETURN(const TokenIssuer::Tokens tokens, TokensOf(session, user));
  v1::CreateSessionResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, session.create_time, *response.mutable_session()));
  ToProto(tokens, *response.mutable_tokens());
  co_return response;
}

}  // namespace gatehouse::service
