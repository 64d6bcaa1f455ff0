#ifndef GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_
#define GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
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
// endpoint has still to get. An endpoint that is paused, disabled or down does not count, since its
// events would be waiting however slowly others come.
//
// What is asked is answered from memory; a statement a second, for all tenants, keeps that fresh
// while anybody asks, and none while nobody does. Whoever asks first gets its yes.
//
// Thread-safe; RunOnce one at a time.
class BacklogWatch {
 public:
  // Positions are written at least as often: a bound below would refuse for no reason.
  static constexpr base::Duration kMinAge = std::chrono::seconds(10);

  // `default_max_age`: for whoever names none; 0: never refused then.
  BacklogWatch(storage::DeliveryStore& deliveries, const base::Clock& clock,
               base::Duration default_max_age)
      : deliveries_(deliveries), clock_(clock), default_max_age_(default_max_age) {}

  // RESOURCE_EXHAUSTED, DELIVERIES_BEHIND if the tenant's oldest such event is older than
  // `max_age`, or than the default without one.
  absl::Status Check(const base::Uuid& tenant_id, std::optional<base::Duration> max_age)
      GH_EXCLUDES(mutex_);

  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // Since the start.
  uint64_t refused() const { return refused_; }

 private:
  void Replace(const std::vector<storage::DeliveryStore::Backlog>& backlogs) GH_EXCLUDES(mutex_);

  storage::DeliveryStore& deliveries_;
  const base::Clock& clock_;
  const base::Duration default_max_age_;
  std::atomic<int64_t> last_asked_us_ = INT64_MIN;
  std::atomic<uint64_t> refused_ = 0;
  base::Mutex mutex_;
  // When the oldest of them was recorded.
  std::unordered_map<base::Uuid, base::Time> oldest_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_BACKLOG_WATCH_H_
