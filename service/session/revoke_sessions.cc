// Logout and its relatives.

#include <optional>
#include <utility>

#include "auth/permission/permissions.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/idempotent.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Time;
using base::Uuid;

storage::Event RevokedEvent(const CallContext& ctx, Time now, const Uuid& session_id,
                            const Uuid& user_id, std::string_view reason) {
  return storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kSessionRevoked),
      {{"session", session_id.ToString(), ""}, {"user", user_id.ToString(), ""}},
      JsonObject().Add("reason", reason).ToString());
}

absl::Status UserNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "there is no such user",
                         {.reason = base::Reason::kUserNotFound});
}

}  // namespace

SessionService::Result<v1::RevokeSessionResponse> SessionService::RevokeSession(
    CallContext ctx, v1::RevokeSessionRequest request, MutationKey key) {
  const base::Principal& principal = ctx.principal();
  FieldChecks checks;
  Uuid id = checks.OptionalUuid("session_id", request.session_id());
  if (request.session_id().empty()) id = principal.session_id;
  if (checks.ok() && id.is_nil()) {
    checks.Fail("session_id", "is required for a caller that has no session");
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const Time now = deps_.clock.Now();
  const bool logout = id == principal.session_id;
  const std::string_view reason =
      logout ? storage::revoke_reasons::kLogout : storage::revoke_reasons::kRevoked;
  v1::RevokeSessionResponse response;
  Uuid user_id = principal.id;
  // A plain logout is one batch: whose session it is, the token has told.
  if (!logout || key.given() || request.validate_only()) {
    GH_CO_ASSIGN_OR_RETURN(storage::Session session,
                           co_await FindPermitted(ctx, id, auth::Permission::kSessionsWrite));
    user_id = session.user_id;
    if (session.IsLive(now)) {
      session.revoke_time = now;
      session.revoke_reason = reason;
      ++session.version;
    }
    GH_CO_RETURN_IF_ERROR(ToProto(session, now, *response.mutable_session()));
    if (request.validate_only()) co_return response;
  }
  GH_CO_ASSIGN_OR_RETURN(
      std::optional<storage::Session> ended,
      co_await deps_.sessions.Revoke(ctx, principal.tenant_id, id, std::string(reason), now,
                                     {.events = {RevokedEvent(ctx, now, id, user_id, reason)},
                                      .idempotency = key.WithResponse(response, now)}));
  deps_.authenticator.SessionRevoked(id);
  if (!ended) {
    // It had ended before: nothing was left to do.
    GH_CO_ASSIGN_OR_RETURN(ended,
                           co_await FindPermitted(ctx, id, auth::Permission::kSessionsWrite));
    GH_CO_RETURN_IF_ERROR(ToProto(*ended, now, *(response.mutable_session()) = v1::Session()));
    co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  }
  GH_CO_RETURN_IF_ERROR(ToProto(*ended, now, *(response.mutable_session()) = v1::Session()));
  co_return response;
}

SessionService::Result<v1::RevokeUserSessionsResponse> SessionService::RevokeUserSessions(
    CallContext ctx, v1::RevokeUserSessionsRequest request, MutationKey key) {
  const base::Principal& principal = ctx.principal();
  FieldChecks checks;
  Uuid user_id = checks.OptionalUuid("user_id", request.user_id());
  if (request.user_id().empty() && principal.kind == base::Principal::Kind::kUser) {
    user_id = principal.id;
  }
  GH_CO_RETURN_IF_ERROR(auth::RequireSelfOr(principal, user_id, auth::Permission::kSessionsWrite));
  const Uuid except = checks.OptionalUuid("except_session_id", request.except_session_id());
  if (checks.ok() && user_id.is_nil()) {
    checks.Fail("user_id", "is required for a caller that is no user");
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  const Time now = deps_.clock.Now();
  const std::string_view reason = storage::revoke_reasons::kRevoked;
  storage::Event event =
      storage::MakeEvent(ctx, now, std::string(storage::event_types::kUserSessionsRevoked),
                         {{"user", user_id.ToString(), ""}},
                         JsonObject()
                             .Add("reason", reason)
                             .Add("except_session_id", except.is_nil() ? "" : except.ToString())
                             .ToString());
  const std::optional<Uuid> kept = except.is_nil() ? std::nullopt : std::optional<Uuid>(except);
  v1::RevokeUserSessionsResponse response;
  if (request.validate_only()) {
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> user,
                           co_await deps_.users.Get(ctx, principal.tenant_id, user_id));
    if (!user || user->delete_time) co_return UserNotFound();
  }
  if (key.given() || request.validate_only()) {
    // The answer is stored with the change, so it is needed before.
    GH_CO_ASSIGN_OR_RETURN(const int64_t count, co_await deps_.sessions.CountLiveByUser(
                                                    ctx, principal.tenant_id, user_id, kept, now));
    response.set_revoked_count(static_cast<int32_t>(count));
    if (request.validate_only()) co_return response;
  }
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::SessionStore::Revoked> ended,
      co_await deps_.sessions.RevokeByUser(
          ctx, principal.tenant_id, user_id, kept, std::string(reason), now,
          {.events = {std::move(event)}, .idempotency = key.WithResponse(response, now)}));
  // Nothing was live: nothing is written, and zero is the answer.
  if (!ended) {
    co_return co_await deps_.once.Unchanged(ctx, key, now, v1::RevokeUserSessionsResponse());
  }
  for (const Uuid& id : ended->session_ids) deps_.authenticator.SessionRevoked(id);
  if (!kept) deps_.authenticator.UserRevoked(principal.tenant_id, user_id, ended->epoch);
  if (!key.given()) response.set_revoked_count(static_cast<int32_t>(ended->session_ids.size()));
  co_return response;
}

}  // namespace gatehouse::service
