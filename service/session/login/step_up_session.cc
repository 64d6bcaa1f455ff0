// A session whose user proves again who they are.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/limits/rate_limiter.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/relying_party.h"
#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/second_factor/totp.h"
#include "auth/step_up/step_up.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"
#include "storage/after_change.h"
#include "storage/event_log/event_store.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using Request = v1::StepUpSessionRequest;

absl::Status OnlySessions() {
  return base::MakeError(absl::StatusCode::kPermissionDenied,
                         "only sessions of users can be stepped up",
                         {.reason = base::Reason::kPermissionDenied});
}

absl::Status WrongState(std::string_view message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, message,
                         {.reason = base::Reason::kSecondFactorState});
}

// What a proof is called in events, and what its failure looks like.
struct Kind {
  std::string_view name;
  absl::Status wrong;
};

Kind KindOf(const Request& request) {
  switch (request.proof_case()) {
    case Request::kPassword:
      return {"PASSWORD",
              base::MakeError(absl::StatusCode::kPermissionDenied, "the password is another one",
                              {.reason = base::Reason::kPasswordIncorrect})};
    case Request::kTotpCode:
      return {"TOTP",
              base::InvalidField("totp_code", "is not what the app shows now, or was used")};
    case Request::kRecoveryCode:
      return {"RECOVERY_CODE", base::InvalidField("recovery_code", "is none, or was used")};
    default:
      return {"PASSKEY",
              base::InvalidField("passkey_json", "is of no passkey of the user, or was used before",
                                 base::Reason::kPasskeyInvalid)};
  }
}

storage::Event StepUpEvent(const CallContext& ctx, base::Time now, std::string_view type,
                           std::string details_json) {
  const base::Principal& caller = ctx.principal();
  return storage::MakeEvent(
      ctx, now, std::string(type),
      {{"session", caller.session_id.ToString(), ""}, {"user", caller.id.ToString(), caller.name}},
      std::move(details_json));
}

}  // namespace

SessionService::Result<v1::StartPasskeyStepUpResponse> SessionService::StartPasskeyStepUp(
    CallContext ctx, v1::StartPasskeyStepUpRequest /*request*/) {
  GH_CO_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  const base::Principal& caller = ctx.principal();
  if (caller.kind != base::Principal::Kind::kUser) co_return OnlySessions();
  v1::StartPasskeyStepUpResponse response;
  GH_CO_ASSIGN_OR_RETURN(*response.mutable_options_json(),
                         co_await passkeys_.OptionsOf(ctx, auth::PasskeyPurpose::kStepUp,
                                                      caller.tenant_id, caller.id));
  co_return response;
}

SessionService::Result<bool> SessionService::IsPassword(CallContext ctx, storage::User user,
                                                        std::string password) {
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::UserCredentials> credentials,
      co_await deps_.users.GetCredentials(ctx, user.tenant_id, user.username_key));
  std::optional<std::string> hash;
  if (credentials && credentials->id == user.id) hash = credentials->password_hash;
  co_return co_await deps_.hasher.VerifyOrDummy(ctx, std::move(hash),
                                                auth::NormalizePassword(password));
}

SessionService::Result<std::optional<SessionService::Proof>> SessionService::VerifyStepUp(
    CallContext ctx, storage::User user, Request request) {
  const base::Time now = deps_.clock.Now();
  const bool has_factor = user.second_factor_time.has_value();
  Proof proof;
  switch (request.proof_case()) {
    case Request::kPassword: {
      if (has_factor) co_return WrongState("the user has a second factor: prove that");
      GH_CO_ASSIGN_OR_RETURN(const bool right, co_await IsPassword(ctx, user, request.password()));
      if (!right) co_return std::nullopt;
      proof.amr = {"pwd"};
      co_return proof;
    }
    case Request::kTotpCode: {
      GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::TotpFactor> factor,
                             co_await deps_.second_factors.Get(ctx, user.tenant_id, user.id));
      if (!factor || !factor->confirm_time) co_return WrongState("the user has no such app");
      const std::optional<int64_t> step = auth::MatchTotp(factor->secret, request.totp_code(), now);
      if (!step) co_return std::nullopt;
      proof.amr = {"otp"};
      proof.use = {.totp_step = step};
      co_return proof;
    }
    case Request::kRecoveryCode:
      if (!has_factor) co_return WrongState("the user has no recovery codes");
      // Whether there is such a code, the change itself finds.
      proof.amr = {"otp"};
      proof.use = {.recovery_hashes =
                       deps_.recovery_codes.Hashes(user.id, request.recovery_code())};
      co_return proof;
    default: {
      GH_CO_ASSIGN_OR_RETURN(
          PasskeyAnswers::Answer answer,
          passkeys_.Read(request.passkey_json(), auth::PasskeyPurpose::kStepUp, now));
      const bool verified = answer.state.user_verified;
      if (answer.challenge.user_id != user.id || answer.challenge.tenant_id != user.tenant_id) {
        co_return std::nullopt;
      }
      GH_CO_ASSIGN_OR_RETURN(PasskeyAnswers::Proof found,
                             co_await passkeys_.Verify(ctx, std::move(answer), now));
      if (!found.use) co_return std::nullopt;
      proof.amr = {"pop"};
      if (verified) proof.amr.emplace_back("mfa");
      proof.use = {.passkey = found.use};
      co_return proof;
    }
  }
}

SessionService::Result<v1::StepUpSessionResponse> SessionService::StepUpSession(CallContext ctx,
                                                                                Request request) {
  GH_CO_RETURN_IF_ERROR(CheckStepUp(request));
  const base::Principal& caller = ctx.principal();
  if (caller.kind != base::Principal::Kind::kUser) co_return OnlySessions();
  const std::string user_key = auth::LimitKey(caller.tenant_id, caller.id);
  const auto wait = step_ups_of_user_.Take(user_key, std::chrono::steady_clock::now());
  if (wait) co_return auth::RateLimited(*wait, "proofs that a user gives anew");
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, caller.tenant_id, caller.id));
  if (!user) co_return auth::Unauthenticated();
  const Kind kind = KindOf(request);
  absl::StatusOr<std::optional<Proof>> proof =
      co_await VerifyStepUp(ctx, *user, std::move(request));
  // What could not be looked at was no guess.
  if (!proof.ok()) {
    if (base::HasReason(proof.status(), base::Reason::kHashingOverloaded)) {
      step_ups_of_user_.GiveBack(user_key);
    }
    co_return proof.status();
  }
  absl::StatusOr<v1::StepUpSessionResponse> response = base::MakeError(
      absl::StatusCode::kUnauthenticated, "", {.reason = base::Reason::kLoginFailed});
  if (*proof) response = co_await RaiseSession(ctx, **std::move(proof), std::string(kind.name));
  if (base::HasReason(response.status(), base::Reason::kLoginFailed)) {
    storage::Event event =
        StepUpEvent(ctx, deps_.clock.Now(), storage::event_types::kSessionStepUpRefused,
                    JsonObject().Add("by", kind.name).ToString());
    event.outcome = storage::Outcome::kDenied;
    GH_CO_RETURN_IF_ERROR(co_await deps_.events.AppendNow(ctx, std::move(event)));
    co_return kind.wrong;
  }
  if (response.ok()) step_ups_of_user_.GiveBack(user_key);
  co_return response;
}

SessionService::Result<v1::StepUpSessionResponse> SessionService::RaiseSession(CallContext ctx,
                                                                               Proof proof,
                                                                               std::string by) {
  const base::Principal& caller = ctx.principal();
  for (ChangeAttempts attempts(/*etag=*/""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Session> session,
                           co_await deps_.sessions.Get(ctx, caller.tenant_id, caller.session_id));
    if (!session) co_return auth::Unauthenticated();
    const base::Time now = deps_.clock.Now();
    session->amr = auth::AddToAmr(std::move(session->amr), proof.amr);
    session->auth_time = now;
    session->update_time = now;
    storage::Change change{
        .events = {StepUpEvent(ctx, now, storage::event_types::kSessionSteppedUp,
                               JsonObject().Add("amr", session->amr).Add("by", by).ToString())}};
    const absl::StatusOr<storage::TokenGrant> grant =
        co_await deps_.sessions.StepUp(ctx, *session, proof.use, std::move(change));
    if (attempts.Outrun(grant.status())) continue;
    GH_CO_RETURN_IF_ERROR(grant.status());
    GH_CO_ASSIGN_OR_RETURN(
        TokenIssuer::Tokens tokens,
        deps_.issuer.Issue(caller.tenant_id, caller.session_id, caller.id, *grant));
    v1::StepUpSessionResponse response;
    GH_CO_RETURN_IF_ERROR(
        ToProto(storage::AfterChange(*session), now, *response.mutable_session()));
    // Not the refresh token: who calls with an access token need not have it.
    response.set_access_token(std::move(tokens.access_token));
    SetTimestamp(tokens.access_token_expire_time, response.mutable_access_token_expire_time());
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("session");
}

}  // namespace gatehouse::service
