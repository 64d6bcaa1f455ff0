#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_MAP_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/queue/endpoint_alerts.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// The queue of a leased endpoint, and what the parts of the engine note about it. Each note has
// one writer.
struct LeasedQueue {
  LeasedQueue(const storage::DeliveryLease& lease, int max_in_flight, base::Time now,
              AlertBounds alert_bounds = {})
      : delivery(lease, max_in_flight, now, alert_bounds) {}

  EndpointQueue delivery;
  // Dispatcher: it waits for its turn; it is being switched off.
  bool waiting = false;
  bool disabling = false;
  // Dispatcher: brings it its turn when its rate allows the next request. One for all that waits.
  base::Loop::Timer pace_timer = {};
  bool paced = false;
  // QueueReader: what is read for it now, or for another one whose page it waits for; it stands in
  // line until something can be read.
  bool reading = false;
  bool loading_retries = false;
  bool in_line = false;
  // QueueReader: events to read at a time, few large ones, many small ones.
  int32_t read_limit = 64;
  // Nothing is sent after this: somebody else may be at it. LeaseHolder sets it, Flusher
  // moves it on.
  base::SteadyTime lease_until;
  // When the statement began that took or renewed the lease. As lease_until.
  base::SteadyTime confirmed;
  // When it last had something to do. Everybody's.
  base::SteadyTime last_used;
};

using QueuePtr = std::shared_ptr<LeasedQueue>;

// The queues of the endpoints that are leased here now. Requests in flight share one: a queue that
// lost its lease leaves the map, and results that come later are no longer its own to write.
//
// Thread: the engine's loop.
class QueueMap {
 public:
  // Null if there is none.
  QueuePtr Find(const storage::EndpointKey& key) const {
    const auto found = queues_.find(key);
    return found == queues_.end() ? nullptr : found->second;
  }
  bool Contains(const storage::EndpointKey& key) const { return queues_.contains(key); }
  // Whether it still has its lease.
  bool IsCurrent(const QueuePtr& queue) const { return Find(queue->delivery.key()) == queue; }
  size_t size() const { return queues_.size(); }

  std::vector<storage::EndpointKey> Keys() const {
    std::vector<storage::EndpointKey> keys;
    keys.reserve(queues_.size());
    for (const auto& [key, queue] : queues_) keys.push_back(key);
    return keys;
  }

  // fn(const QueuePtr&) for each; it adds and removes none.
  template <typename Fn>
  void ForEach(Fn fn) const {
    for (const auto& [key, queue] : queues_) fn(queue);
  }
  template <typename Fn>
  void ForTenant(const base::Uuid& tenant_id, Fn fn) const {
    for (auto queue = queues_.lower_bound({tenant_id, base::Uuid()});
         queue != queues_.end() && queue->first.tenant_id == tenant_id; ++queue) {
      fn(queue->second);
    }
  }

  // In the place of another one of the same endpoint.
  void Add(QueuePtr queue) {
    const storage::EndpointKey key = queue->delivery.key();
    queues_[key] = std::move(queue);
  }
  void Remove(const storage::EndpointKey& key) { queues_.erase(key); }
  // Those for which fn(const QueuePtr&) says so.
  template <typename Fn>
  void RemoveIf(Fn fn) {
    std::erase_if(queues_, [&fn](const auto& entry) { return fn(entry.second); });
  }

 private:
  std::map<storage::EndpointKey, QueuePtr> queues_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_MAP_H_
