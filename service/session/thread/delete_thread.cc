#include <string>
#include <utility>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/idempotent.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/session/session_service.h"
#include "service/session/thread/thread_messages.h"
#include "storage/event_types.h"

namespace gatehouse::service {

SessionService::Result<v1::DeleteThreadResponse> SessionService::DeleteThread(
    base::CallContext ctx, v1::DeleteThreadRequest request, MutationKey key) {
  FieldChecks checks;
  GH_CO_ASSIGN_OR_RETURN(const storage::ThreadName name,
                         ThreadOf(ctx.principal(), request.user_id(), request.thread_id(),
                                  auth::Permission::kThreadsWrite, checks));
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::ThreadStore::State state,
                           co_await deps_.threads.Find(ctx, name, {}));
    const base::Time now = deps_.clock.Now();
    v1::DeleteThreadResponse response;
    response.set_deleted_count(state.message_count);
    if (state.message_count == 0) {
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    if (request.validate_only()) co_return response;
    storage::Event event =
        storage::MakeEvent(ctx, now, std::string(storage::event_types::kThreadDeleted),
                           {{"thread", name.thread_id, ""}, {"user", name.user_id.ToString(), ""}},
                           JsonObject().AddNumber("count", state.message_count).ToString());
    storage::Change change{.events = {std::move(event)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status deleted =
        co_await deps_.threads.Delete(ctx, name, state.message_count, std::move(change));
    if (attempts.Outrun(deleted)) continue;
    GH_CO_RETURN_IF_ERROR(deleted);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("thread");
}

}  // namespace gatehouse::service
