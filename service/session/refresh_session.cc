// Refresh: one compare-and-swap. A retry gets the identical token, theft ends the
// session.

#include <utility>

#include "auth/tenant/tenant_directory.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/json.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using auth::RefreshClaims;
using base::CallContext;
using base::Task;
using base::Time;
using storage::TokenGrant;

// Of two refreshes with one token at once the second finds the generation moved
// on when it looks; more tries than this mean a fault, not a race.
constexpr int kMaxTries = 3;

absl::Status InvalidRefreshToken() {
  return base::MakeError(absl::StatusCode::kUnauthenticated,
                         "The refresh token is not valid, or not any more. Log in again.",
                         {.reason = base::Reason::kRefreshTokenInvalid});
}

storage::Event SessionEvent(const CallContext& ctx, const RefreshClaims& claims, Time now,
                            std::string_view type, std::string details_json = "{}") {
  storage::Event event = storage::MakeEvent(
      ctx, now, std::string(type),
      {{"session", claims.session_id.ToString(), ""}, {"user", claims.user_id.ToString(), ""}},
      std::move(details_json));
  event.tenant_id = claims.tenant_id;
  event.actor = {"user", claims.user_id.ToString(), ""};
  event.session_id = claims.session_id.ToString();
  return event;
}

}  // namespace

Task<absl::StatusOr<TokenGrant>> SessionService::ResolveRefresh(CallContext ctx,
                                                                RefreshClaims claims, Time now) {
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::RefreshState> state,
      co_await deps_.sessions.FindRefreshState(ctx, claims.tenant_id, claims.session_id, now));
  if (!state || !state->live) co_return InvalidRefreshToken();
  const int64_t behind = state->grant.generation - claims.generation;
  if (behind == 1 && now < state->rotate_time + options_.refresh_grace) co_return state->grant;
  // Newer than what is stored: the database was restored to an earlier time. No retry helps.
  if (behind < 0) co_return InvalidRefreshToken();
  if (behind == 0) {
    co_return base::MakeError(absl::StatusCode::kAborted, "The session changed meanwhile.",
                              {.reason = base::Reason::kConflict});
  }
  // The one who refreshed and the one who does now are not the same, or one of
  // them lost a day. Neither can be told from the other, so neither goes on.
  storage::Event reused =
      SessionEvent(ctx, claims, now, storage::event_types::kSessionTokenReused,
                   JsonObject().AddNumber("generations_behind", behind).ToString());
  reused.outcome = storage::Outcome::kDenied;
  const std::string_view reason = storage::revoke_reasons::kTokenReused;
  storage::Change change{
      .events = {std::move(reused),
                 SessionEvent(ctx, claims, now, storage::event_types::kSessionRevoked,
                              JsonObject().Add("reason", reason).ToString())}};
  GH_CO_RETURN_IF_ERROR(
      (co_await deps_.sessions.Revoke(ctx, claims.tenant_id, claims.session_id, std::string(reason),
                                      now, std::move(change)))
          .status());
  deps_.authenticator.SessionRevoked(claims.session_id);
  co_return InvalidRefreshToken();
}

SessionService::Result<v1::RefreshSessionResponse> SessionService::RefreshSession(
    CallContext ctx, v1::RefreshSessionRequest request) {
  const std::optional<RefreshClaims> claims = deps_.refresh_tokens.Decode(request.refresh_token());
  if (!claims) co_return InvalidRefreshToken();
  GH_CO_ASSIGN_OR_RETURN(const bool entered, deps_.tenants.Enter(ctx, claims->tenant_id));
  if (!entered) co_return InvalidRefreshToken();

  absl::StatusOr<TokenGrant> grant = absl::UnknownError("not tried");
  for (int tries = 0; tries < kMaxTries && !grant.ok(); ++tries) {
    const Time now = deps_.clock.Now();
    grant = co_await deps_.sessions.Rotate(
        ctx, claims->tenant_id, claims->session_id, claims->generation, now,
        now + options_.idle_ttl,
        {.events = {SessionEvent(ctx, *claims, now, storage::event_types::kSessionRefreshed)}});
    if (!base::HasReason(grant.status(), base::Reason::kConflict)) break;
    grant = co_await ResolveRefresh(ctx, *claims, now);
    if (!base::HasReason(grant.status(), base::Reason::kConflict)) break;
  }
  GH_CO_RETURN_IF_ERROR(grant.status());

  GH_CO_ASSIGN_OR_RETURN(
      const TokenIssuer::Tokens tokens,
      deps_.issuer.Issue(claims->tenant_id, claims->session_id, claims->user_id, *grant));
  v1::RefreshSessionResponse response;
  response.set_session_id(claims->session_id.ToString());
  ToProto(tokens, *response.mutable_tokens());
  co_return response;
}

}  // namespace gatehouse::service
