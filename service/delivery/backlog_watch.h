#ifndef GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_
#define GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/delivery/delivery_store.h"

namespace gatehouse::service::delivery {

// Says whether a tenant's deliveries are so far behind that it wants to publish no more:
// back-pressure for those who ask for it, by a bound on the age of the oldest event that a healthy
// endpoint has still to get. An endpoint that is paused, disabled, down or held back by its own
// rate does not count, since its events would be waiting however fast others go.
//
// Of the endpoints that this instance delivers to the engine knows to within some milliseconds. Of
// all others the database does, by positions that are written now and then: a statement a second,
// for all tenants, reads them while anybody asks. Either answers from memory, and knows nothing
// until the tenant, or anybody, was asked about: whoever asks first gets its yes.
//
// Thread-safe; RunOnce one at a time.
class BacklogWatch {
 public:
  // What a shorter bound means for endpoints that others deliver to: their positions are written
  // at least as often, so that less would refuse for no reason.
  static constexpr base::Duration kMinAgeElsewhere = std::chrono::seconds(10);

  struct Deps {
    storage::DeliveryStore& deliveries;
    const base::Clock& clock;
    // Whose leases the engine has.
    base::Uuid instance_id;
    // WebhookEngine::OldestUndelivered. Any thread.
    std::function<std::optional<base::Time>(const base::Uuid& tenant_id)> oldest_here;
  };

  // `default_max_age`: for whoever names none; 0: never refused then.
  BacklogWatch(Deps deps, base::Duration default_max_age)
      : deps_(std::move(deps)), default_max_age_(default_max_age) {}

  // RESOURCE_EXHAUSTED, DELIVERIES_BEHIND if the tenant's oldest such event is older than
  // `max_age`, or than the default without one. To be tried again after a quarter of that, at least
  // 10 ms and at most 5 s.
  absl::Status Check(const base::Uuid& tenant_id, std::optional<base::Duration> max_age)
      GH_EXCLUDES(mutex_);

  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // Since the start.
  uint64_t refused() const { return refused_; }

 private:
  std::optional<base::Time> OldestElsewhere(const base::Uuid& tenant_id) GH_EXCLUDES(mutex_);
  void Replace(const std::vector<storage::DeliveryStore::Backlog>& backlogs) GH_EXCLUDES(mutex_);

  const Deps deps_;
  const base::Duration default_max_age_;
  std::atomic<int64_t> last_asked_us_ = INT64_MIN;
  std::atomic<uint64_t> refused_ = 0;
  base::Mutex mutex_;
  // When the oldest of those was recorded that others deliver.
  std::unordered_map<base::Uuid, base::Time> oldest_elsewhere_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_
