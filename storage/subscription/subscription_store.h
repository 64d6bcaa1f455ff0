#ifndef GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_STORE_H_
#define GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/subscription/subscription.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// How far consumers that pull events have got. One pull has a subscription at a time, the latest:
// each raises the fence, which its acknowledgements name.
//
// Stateless; every loop of `database`, which outlives it.
class SubscriptionStore {
 public:
  // Each may have a stream, which looks for events itself.
  static constexpr int64_t kMaxPerTenant = 100;

  explicit SubscriptionStore(postgres::Database& database) : database_(database) {}

  // Takes the subscription over from any other pull, and notes what this one asks for. nullopt if
  // there is none.
  base::Task<absl::StatusOr<std::optional<Subscription>>> Open(base::CallContext ctx,
                                                               base::Uuid tenant_id,
                                                               std::string name,
                                                               std::vector<std::string> event_types,
                                                               base::Time now);

  // Also opens it. False, and nothing is written, if there is one of that name. RESOURCE_EXHAUSTED,
  // LIMIT_REACHED if the tenant has kMaxPerTenant.
  base::Task<absl::StatusOr<bool>> Create(base::CallContext ctx, Subscription subscription,
                                          Change change);

  // Moves its position on to that of `subscription`, and notes that it is in use. False, and
  // nothing is written, if its pull does not have it any more.
  base::Task<absl::StatusOr<bool>> Acknowledge(base::CallContext ctx, Subscription subscription,
                                               base::Time now);

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<Subscription>>> Get(base::CallContext ctx,
                                                              base::Uuid tenant_id,
                                                              std::string name);
  // By name, after the given one.
  base::Task<absl::StatusOr<std::vector<Subscription>>> List(base::CallContext ctx,
                                                             base::Uuid tenant_id,
                                                             std::string after, int64_t limit);
  // Some that nobody has pulled since `before`.
  base::Task<absl::StatusOr<std::vector<Subscription>>> ListIdle(base::CallContext ctx,
                                                                 base::Uuid tenant_id,
                                                                 base::Time before, int64_t limit);

  // ABORTED, CONFLICT if there is none, or if `idle_since` is given and somebody has pulled since.
  base::Task<absl::Status> Delete(base::CallContext ctx, base::Uuid tenant_id, std::string name,
                                  std::optional<base::Time> idle_since, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_STORE_H_
