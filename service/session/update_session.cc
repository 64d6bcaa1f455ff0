#include <array>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/idempotent.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"
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

}  // namespace

SessionService::Result<v1::UpdateSessionResponse> SessionService::UpdateSession(
    CallContext ctx, v1::UpdateSessionRequest request) {
  return deps_.once.Run(ctx, std::move(request), Replay::kLookUpFirst, this,
                        &SessionService::DoUpdateSession);
}

SessionService::Result<v1::UpdateSessionResponse> SessionService::DoUpdateSession(
    CallContext ctx, v1::UpdateSessionRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<Uuid> id = checks.RequireUuid("session_id", request.session_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kChangeable));
  for (int attempt = 1; attempt <= kMaxChangeAttempts; ++attempt) {
    GH_CO_ASSIGN_OR_RETURN(storage::Session session,
                           co_await FindPermitted(ctx, *id, auth::Permission::kSessionsWrite));
    absl::StatusOr<v1::UpdateSessionResponse> response =
        co_await TryUpdateSession(ctx, request, fields, key, std::move(session));
    if (!WasOutrun(response.status(), request.session().etag())) co_return response;
  }
  co_return KeptChanging("session");
}

SessionService::Result<v1::UpdateSessionResponse> SessionService::TryUpdateSession(
    CallContext ctx, v1::UpdateSessionRequest request, std::vector<std::string> fields,
    MutationKey key, storage::Session session) {
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
  ++session.version;
  GH_CO_RETURN_IF_ERROR(ToProto(session, now, changed = v1::Session()));
  if (request.validate_only()) co_return response;

  storage::Change change{
      .events = {storage::MakeEvent(ctx, now, std::string(storage::event_types::kSessionUpdated),
                                    {{"session", session.id.ToString(), session.label},
                                     {"user", session.user_id.ToString(), ""}},
                                    JsonObject().Add("fields", fields).ToString())},
      .idempotency = key.WithResponse(response, now)};
  --session.version;  // The one the update expects to find.
  GH_CO_RETURN_IF_ERROR(co_await deps_.sessions.Update(ctx, session, std::move(change)));
  co_return response;
}

}  // namespace gatehouse::service
