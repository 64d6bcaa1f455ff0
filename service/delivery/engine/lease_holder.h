#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_LEASE_HOLDER_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_LEASE_HOLDER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/presence.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/queue_reader.h"
#include "service/delivery/engine/turnstile.h"
#include "service/delivery/queue/endpoint_alerts.h"
#include "service/delivery/tenant_log.h"
#include "storage/delivery/delivery_store.h"

namespace gatehouse::service::delivery {

// Leases endpoints that have work, which gives each a queue here; sees that their leases are
// renewed in time, by a flush; and gives back those that have had nothing to do for a while.
//
// Thread: the engine's loop; held() may be called from any. Nothing is leased once the engine
// is stopping.
class LeaseHolder {
 public:
  struct Deps {
    EngineTasks& tasks;
    const Presence& presence;
    QueueMap& queues;
    const TenantLogs& logs;
    const EndpointCache& cache;
    storage::DeliveryStore& deliveries;
    Flusher& flusher;
    QueueReader& reader;
    const base::Clock& clock;
  };
  struct Options {
    base::Uuid instance_id;
    std::chrono::milliseconds lease;
    std::chrono::milliseconds idle_time;
    AlertBounds alert_bounds = {};
  };

  LeaseHolder(Deps deps, Options options) : deps_(deps), options_(options) {}

  // Those of `matches` that are not held yet and that nobody else holds.
  base::Task<absl::Status> LeaseMatched(base::Uuid tenant_id,
                                        std::vector<TenantLog::Match> matches);
  // Whatever has work and nobody is at: after a kill, a failed lease, or when another
  // instance marked it.
  base::Task<absl::Status> LeaseDue();
  // Ends the leases of instances that have died, for LeaseDue, here or elsewhere, to find.
  base::Task<absl::Status> FreeGone();

  // Now and then: renews, and gives back.
  void Tend();
  // At the end: all of them. `written`: so are all results.
  base::Task<void> GiveBackAll(bool written);

  // As of the last Tend.
  int64_t held() const { return held_; }

 private:
  base::Task<absl::Status> TakeWanted(std::vector<storage::DeliveryStore::Want> wanted);
  // A page of them; whether there may be more.
  base::Task<absl::StatusOr<bool>> TakeDue();
  void Add(const std::vector<storage::DeliveryLease>& leases, base::SteadyTime begun);
  bool IsAtRest(const LeasedQueue& queue) const;
  bool IsDone(const LeasedQueue& queue) const;
  base::Task<void> Release(std::vector<storage::DeliveryStore::Release> releases);

  Deps deps_;
  Options options_;
  // Two leases of one endpoint at a time would both send.
  Turnstile turn_;
  std::atomic<int64_t> held_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_LEASE_HOLDER_H_
