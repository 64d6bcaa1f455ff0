#include "service/webhook/pull/idle_subscriptions.h"

#include <chrono>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "service/webhook/pull/subscription_rules.h"

namespace gatehouse::service {
namespace {

// As the .proto file promises.
constexpr auto kIdleLifetime = std::chrono::days(30);

}  // namespace

base::Task<absl::Status> DeleteIdleSubscriptions(storage::SubscriptionStore* subscriptions,
                                                 const base::Clock* clock, base::CallContext ctx) {
  const base::Time now = clock->Now();
  const base::Time before = now - kIdleLifetime;
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::Subscription> idle,
      co_await subscriptions->ListIdle(ctx, ctx.principal().tenant_id, before,
                                       storage::SubscriptionStore::kMaxPerTenant));
  for (const storage::Subscription& subscription : idle) {
    const absl::Status deleted =
        co_await subscriptions->Delete(ctx, subscription.tenant_id, subscription.name, before,
                                       {.events = {UnsubscribedEvent(ctx, now, subscription)}});
    // Another instance was faster, or somebody pulls again.
    if (base::HasReason(deleted, base::Reason::kConflict)) continue;
    GH_CO_RETURN_IF_ERROR(deleted);
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
