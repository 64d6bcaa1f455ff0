// Introspection: what VerifySession says and what stands in the token.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "auth/permission/permissions.h"
#include "auth/token/access_claims.h"
#include "auth/token/refresh_token.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/session_introspection.pb.h"
#include "service/common/timestamps.h"
#include "service/session/session_service.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Principal;
using Introspection = v1::IntrospectTokenResponse;

// Of a token that the authenticator called good: its signature need not be looked at again.
absl::Status AddClaims(std::string_view token, Introspection& answer) {
  GH_ASSIGN_OR_RETURN(const auth::SplitToken parts, auth::SplitAccessToken(token));
  GH_ASSIGN_OR_RETURN(const auth::AccessClaims claims, auth::ParseAccessClaims(parts.payload));
  answer.set_token_type(v1::TOKEN_TYPE_ACCESS_TOKEN);
  answer.set_issuer(claims.issuer);
  answer.set_audience(claims.audience);
  answer.set_token_id(claims.token_id.ToString());
  SetTimestamp(claims.issued_at, answer.mutable_issue_time());
  return absl::OkStatus();
}

absl::StatusOr<Introspection> Describe(const auth::Verdict& verdict, std::string_view token) {
  const Principal& principal = verdict.principal;
  Introspection answer;
  answer.set_active(true);
  answer.set_tenant_id(principal.tenant_id.ToString());
  answer.set_subject(principal.id.ToString());
  answer.set_username(principal.name);
  if (principal.kind == Principal::Kind::kApiKey) {
    answer.set_token_type(v1::TOKEN_TYPE_API_KEY);
  } else {
    GH_RETURN_IF_ERROR(AddClaims(token, answer));
    answer.set_session_id(principal.session_id.ToString());
    SetTimestamp(principal.auth_time, answer.mutable_auth_time());
  }
  for (const std::string& role : principal.roles) answer.add_roles(role);
  for (const std::string& method : principal.amr) answer.add_amr(method);
  const std::vector<std::string> permissions = auth::PermissionNames(principal.permissions);
  answer.set_scope(absl::StrJoin(permissions, " "));
  answer.mutable_permissions()->Assign(permissions.begin(), permissions.end());
  if (verdict.expires_at != base::Time::max()) {
    SetTimestamp(verdict.expires_at, answer.mutable_expire_time());
  }
  return answer;
}

}  // namespace

SessionService::Result<Introspection> SessionService::IntrospectToken(
    CallContext ctx, v1::IntrospectTokenRequest request) {
  if (const std::optional<auth::RefreshClaims> claims =
          deps_.refresh_tokens.Decode(request.token())) {
    co_return co_await IntrospectRefreshToken(std::move(ctx), *claims);
  }
  const auto verdict = co_await deps_.authenticator.Authenticate(ctx, request.token());
  if (absl::IsUnauthenticated(verdict.status())) co_return Introspection();
  GH_CO_RETURN_IF_ERROR(verdict.status());
  // A credential of another tenant is none of this caller's business.
  if ((*verdict)->principal.tenant_id != ctx.principal().tenant_id) co_return Introspection();
  co_return Describe(**verdict, request.token());
}

SessionService::Result<Introspection> SessionService::IntrospectRefreshToken(
    CallContext ctx, auth::RefreshClaims claims) {
  if (claims.tenant_id != ctx.principal().tenant_id) co_return Introspection();
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::RefreshState> state,
      co_await deps_.sessions.FindRefreshState(ctx, claims.tenant_id, claims.session_id, now));
  if (!state || !state->live) co_return Introspection();
  // As RefreshSession judges: the current one, or the one before within the grace.
  const int64_t behind = state->grant.generation - claims.generation;
  const bool repeatable = behind == 1 && now < state->rotate_time + options_.refresh_grace;
  if (behind != 0 && !repeatable) co_return Introspection();
  Introspection answer;
  answer.set_active(true);
  answer.set_token_type(v1::TOKEN_TYPE_REFRESH_TOKEN);
  answer.set_tenant_id(claims.tenant_id.ToString());
  answer.set_subject(claims.user_id.ToString());
  answer.set_session_id(claims.session_id.ToString());
  answer.add_roles(state->grant.role);
  for (const std::string& method : state->grant.amr) answer.add_amr(method);
  SetTimestamp(state->grant.auth_time, answer.mutable_auth_time());
  SetTimestamp(std::min(state->grant.idle_expire_time, state->grant.expire_time),
               answer.mutable_expire_time());
  co_return answer;
}

}  // namespace gatehouse::service
