#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_LANE_MAP_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_LANE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/delivery_lane.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// A leased endpoint, and what the parts of the engine note about it. Each note has one
// writer.
struct Lane {
  Lane(const storage::DeliveryLease& lease, int max_in_flight, base::Time now)
      : delivery(lease, max_in_flight, now) {}

  DeliveryLane delivery;
  // Dispatcher: it waits for its turn; it is being switched off.
  bool queued = false;
  bool disabling = false;
  // LaneReader: what is read for it now.
  bool reading = false;
  bool loading_retries = false;
  // LaneReader: events to read at a time, few large ones, many small ones.
  int32_t read_limit = 64;
  // Nothing is sent after this: somebody else may be at it. LeaseHolder sets it, Flusher
  // moves it on.
  base::SteadyTime lease_until;
  // When it last had something to do. Everybody's.
  base::SteadyTime last_used;
};

using LanePtr = std::shared_ptr<Lane>;

// The endpoints that are leased here now. Requests in flight share a lane: one that lost its
// lease leaves the map, and results that come later are no longer its own to write.
//
// Thread: the engine's loop.
class LaneMap {
 public:
  // Null if there is none.
  LanePtr Find(const storage::EndpointKey& key) const {
    const auto found = lanes_.find(key);
    return found == lanes_.end() ? nullptr : found->second;
  }
  bool Contains(const storage::EndpointKey& key) const { return lanes_.contains(key); }
  // Whether it still has its lease.
  bool IsCurrent(const LanePtr& lane) const { return Find(lane->delivery.key()) == lane; }
  size_t size() const { return lanes_.size(); }

  std::vector<storage::EndpointKey> Keys() const {
    std::vector<storage::EndpointKey> keys;
    keys.reserve(lanes_.size());
    for (const auto& [key, lane] : lanes_) keys.push_back(key);
    return keys;
  }

  // fn(const LanePtr&) for each; it adds and removes none.
  template <typename Fn>
  void ForEach(Fn fn) const {
    for (const auto& [key, lane] : lanes_) fn(lane);
  }
  template <typename Fn>
  void ForTenant(const base::Uuid& tenant_id, Fn fn) const {
    for (auto lane = lanes_.lower_bound({tenant_id, base::Uuid()});
         lane != lanes_.end() && lane->first.tenant_id == tenant_id; ++lane) {
      fn(lane->second);
    }
  }

  // In the place of another one of the same endpoint.
  void Add(LanePtr lane) {
    const storage::EndpointKey key = lane->delivery.key();
    lanes_[key] = std::move(lane);
  }
  void Remove(const storage::EndpointKey& key) { lanes_.erase(key); }
  // Those for which fn(const LanePtr&) says so.
  template <typename Fn>
  void RemoveIf(Fn fn) {
    std::erase_if(lanes_, [&fn](const auto& entry) { return fn(entry.second); });
  }

 private:
  std::map<storage::EndpointKey, LanePtr> lanes_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_LANE_MAP_H_
