#include "service/user/user_limits.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/status.h"
#include "service/common/json.h"
#include "storage/event.h"
#include "storage/event_log/event_store.h"
#include "storage/event_types.h"

namespace gatehouse::service {

base::Task<absl::Status> UserLimits::Take(base::CallContext ctx, Limit* limit, base::Uuid user_id) {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  const auto wait = limit->buckets_.Take(auth::LimitKey(ctx.principal().tenant_id, user_id), now);
  if (!wait) co_return absl::OkStatus();
  if (!recorded_.Take(auth::LimitKey(ctx.principal().tenant_id, ctx.principal().id), now)) {
    storage::Event event = storage::MakeEvent(
        ctx, clock_.Now(), std::string(storage::event_types::kCallDenied), {},
        JsonObject().Add("method", ctx.method()).Add("limit", limit->what_).ToString());
    event.outcome = storage::Outcome::kDenied;
    GH_CO_RETURN_IF_ERROR(co_await events_.AppendNow(ctx, std::move(event)));
  }
  co_return auth::RateLimited(*wait, limit->what_);
}

}  // namespace gatehouse::service
