#ifndef GATEHOUSE_SERVICE_WEBHOOK_PULL_IDLE_SUBSCRIPTIONS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PULL_IDLE_SUBSCRIPTIONS_H_

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/subscription/subscription_store.h"

namespace gatehouse::service {

// Deletes the subscriptions of the context's tenant that nobody has pulled for 30 days. For a
// PeriodicWorker.
base::Task<absl::Status> DeleteIdleSubscriptions(storage::SubscriptionStore* subscriptions,
                                                 const base::Clock* clock, base::CallContext ctx);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PULL_IDLE_SUBSCRIPTIONS_H_
