#include <utility>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/page_size.h"
#include "service/common/page_token.h"
#include "service/common/validate.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using base::Uuid;

PageScope ScopeOf(const CallContext& ctx, const v1::ListSessionsRequest& request) {
  return {.method = ctx.method(),
          .tenant_id = ctx.principal().tenant_id,
          .query = {ctx.principal().id.ToString(), request.user_id(), request.thread_id(),
                    request.show_ended() ? "ended" : "live"}};
}

// Whose sessions are meant; nullopt: everybody's.
absl::StatusOr<std::optional<Uuid>> ListedUser(const CallContext& ctx,
                                               const v1::ListSessionsRequest& request) {
  const base::Principal& principal = ctx.principal();
  const bool any = auth::HasPermission(principal, auth::Permission::kSessionsRead);
  if (request.user_id().empty()) {
    if (any) return std::optional<Uuid>();
    return std::optional<Uuid>(principal.id);
  }
  FieldChecks checks;
  const std::optional<Uuid> user_id = checks.RequireUuid("user_id", request.user_id());
  // What an unprivileged caller asks about others is refused before it is read.
  if (!any && user_id != principal.id) {
    return auth::RequirePermission(principal, auth::Permission::kSessionsRead);
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return user_id;
}

}  // namespace

Task<absl::StatusOr<storage::Session>> SessionService::FindPermitted(CallContext ctx,
                                                                     Uuid session_id,
                                                                     auth::Permission permission) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Session> session,
                         co_await deps_.sessions.Get(ctx, ctx.principal().tenant_id, session_id));
  const base::Principal& principal = ctx.principal();
  const bool own =
      session && principal.kind == base::Principal::Kind::kUser && session->user_id == principal.id;
  if (!own) GH_CO_RETURN_IF_ERROR(auth::RequirePermission(principal, permission));
  if (!session) {
    co_return base::MakeError(absl::StatusCode::kNotFound,
                              "There is no session " + session_id.ToString() + ".",
                              {.reason = base::Reason::kSessionNotFound,
                               .metadata = {{"session_id", session_id.ToString()}}});
  }
  co_return *std::move(session);
}

SessionService::Result<v1::GetSessionResponse> SessionService::GetSession(
    CallContext ctx, v1::GetSessionRequest request) {
  FieldChecks checks;
  const std::optional<Uuid> id = checks.RequireUuid("session_id", request.session_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::Session session,
                         co_await FindPermitted(ctx, *id, auth::Permission::kSessionsRead));
  v1::GetSessionResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, deps_.clock.Now(), *response.mutable_session()));
  co_return response;
}

SessionService::Result<v1::ListSessionsResponse> SessionService::ListSessions(
    CallContext ctx, v1::ListSessionsRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<Uuid> user_id, ListedUser(ctx, request));
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  FieldChecks checks;
  checks.Length("thread_id", request.thread_id(), 0, kMaxThreadIdBytes);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const PageScope scope = ScopeOf(ctx, request);
  const base::Time now = deps_.clock.Now();
  storage::SessionStore::ListQuery query{.tenant_id = ctx.principal().tenant_id,
                                         .user_id = user_id,
                                         .show_ended = request.show_ended(),
                                         // One more tells whether there is another page.
                                         .limit = page_size + 1,
                                         .max_bytes = kMaxPageBytes,
                                         .now = now,
                                         .freshness = storage::Freshness::kMayLag};
  if (!request.thread_id().empty()) query.thread_id = request.thread_id();
  GH_CO_ASSIGN_OR_RETURN(query.before, deps_.page_tokens.IdBehind(scope, request.page_token()));
  GH_CO_ASSIGN_OR_RETURN(const storage::SessionStore::Page page,
                         co_await deps_.sessions.List(ctx, std::move(query)));

  v1::ListSessionsResponse response;
  size_t bytes = 0;
  for (const storage::Session& session : page.sessions) {
    if (response.sessions_size() == page_size || bytes > kMaxPageBytes) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, {response.sessions().rbegin()->id()}));
      break;
    }
    v1::Session& added = *response.add_sessions();
    GH_CO_RETURN_IF_ERROR(ToProto(session, now, added));
    bytes += added.ByteSizeLong();
  }
  if (page.cut && response.next_page_token().empty()) {
    response.set_next_page_token(
        deps_.page_tokens.Make(scope, {response.sessions().rbegin()->id()}));
  }
  co_return response;
}

}  // namespace gatehouse::service
