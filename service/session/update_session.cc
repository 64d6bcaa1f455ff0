#include <array>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/idempotent.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"
#include "storage/after_change.h"
#include "storage/canonical_json.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Uuid;

constexpr std::array<std::string_view, 3> kChangeable = {"label", "thread_id", "context"};

absl::Status SessionHasEnded() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "The session has ended.",
                         {.reason = base::Reason::kConstraintViolated});
}

storage::Event UpdatedEvent(const CallContext& ctx, base::Time now, const storage::Session& session,
                            const std::vector<std::string>& fields) {
  return storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kSessionUpdated),
      {{"session", session.id.ToString(), session.label}, {"user", session.user_id.ToString(), ""}},
      JsonObject().Add("fields", fields).ToString());
}

}  // namespace

SessionService::Result<v1::UpdateSessionResponse> SessionService::UpdateSession(
    CallContext ctx, v1::UpdateSessionRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<Uuid> id = checks.RequireUuid("session_id", request.session_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kChangeable));
  for (ChangeAttempts attempts(request.session().etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(storage::Session session,
                           co_await FindPermitted(ctx, *id, auth::Permission::kSessionsWrite));
    const base::Time now = deps_.clock.Now();
    if (!session.IsLive(now)) co_return SessionHasEnded();
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.session().etag(), session.version));

    v1::UpdateSessionResponse response;
    v1::Session& changed = *response.mutable_session();
    GH_CO_RETURN_IF_ERROR(ToProto(session, now, changed));
    CopyFields(request.session(), fields, changed);
    GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckSession(changed));
    if (changed.label() == session.label && changed.thread_id() == session.thread_id &&
        storage::CanonicalJson(context_json) == storage::CanonicalJson(session.context_json)) {
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    session.label = changed.label();
    session.thread_id = changed.thread_id();
    session.context_json = std::move(context_json);
    session.update_time = now;
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(session), now, changed = v1::Session()));
    if (request.validate_only()) co_return response;

    storage::Change change{.events = {UpdatedEvent(ctx, now, session, fields)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status updated = co_await deps_.sessions.Update(ctx, session, std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("session");
}

}  // namespace gatehouse::service
