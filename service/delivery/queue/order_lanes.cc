#include "service/delivery/queue/order_lanes.h"

#include <utility>

namespace gatehouse::service::delivery {

OrderLanes::OrderLanes(const std::vector<std::string>& held)
    : complete_(held.size() <= static_cast<size_t>(storage::kMaxHeldKeys)) {
  for (const std::string& key : held) lanes_[key].rows = true;
}

OrderLanes::Step OrderLanes::Add(DeliveryItem item) {
  Step step;
  const auto [entry, added] = lanes_.try_emplace(item.ordering_key);
  Lane& lane = entry->second;
  if (added && complete_) {
    lane.busy = true;
    step.next = std::move(item);
    return step;
  }
  if (added) lane.rows = true;
  if (lane.rows && !lane.asking && lane.waiting.empty()) {
    Defer(std::move(item), step);
    // It need not stay known; see kMaxLanes.
    step.look |= Advance(entry).look;
    return step;
  }
  ++waiting_;
  lane.waiting.push_back(std::move(item));
  return step;
}

std::vector<DeliveryItem> OrderLanes::AddRetries(std::vector<DeliveryItem> items) {
  std::vector<DeliveryItem> ready;
  std::set<std::string> begun;
  for (DeliveryItem& item : items) {
    if (item.ordering_key.empty()) {
      ready.push_back(std::move(item));
      continue;
    }
    Lane& lane = lanes_[item.ordering_key];
    lane.rows = true;
    if (begun.contains(item.ordering_key)) {
      ++followers_;
      lane.followers.push_back(std::move(item));
    } else if (lane.busy || lane.asking) {
      lane.missed = true;
    } else {
      lane.busy = true;
      begun.insert(item.ordering_key);
      ready.push_back(std::move(item));
    }
  }
  return ready;
}

OrderLanes::Step OrderLanes::OnSettled(const DeliveryItem& item) {
  const auto lane = lanes_.find(item.ordering_key);
  if (lane == lanes_.end()) return {};
  lane->second.busy = false;
  if (item.is_retry) {
    // Also if the one after it is here: should this process die, somebody has to find that.
    releases_.insert(item.ordering_key);
    lane->second.asking = lane->second.followers.empty();
  }
  return Advance(lane);
}

OrderLanes::Step OrderLanes::OnFailed(const DeliveryItem& item) {
  const auto lane = lanes_.find(item.ordering_key);
  if (lane == lanes_.end()) return {};
  lane->second.busy = false;
  lane->second.rows = true;
  DropFollowers(lane->second);
  return Advance(lane);
}

void OrderLanes::ForgetRetries(const std::deque<DeliveryItem>& ready) {
  for (auto& [key, lane] : lanes_) {
    if (!lane.followers.empty()) lane.missed = true;
    DropFollowers(lane);
  }
  for (const DeliveryItem& item : ready) {
    const auto lane = lanes_.find(item.ordering_key);
    if (lane != lanes_.end()) lane->second.busy = false;
  }
}

std::vector<std::string> OrderLanes::TakeReleases() {
  std::vector<std::string> keys(releases_.begin(), releases_.end());
  releases_.clear();
  unwritten_.clear();
  return keys;
}

OrderLanes::Step OrderLanes::OnReleased(const std::string& key, bool more) {
  const auto lane = lanes_.find(key);
  if (lane == lanes_.end()) return {.look = more};
  // Something has ended since: the answer to that counts.
  if (releases_.contains(key)) return {};
  if (!more && unwritten_.contains(key)) {
    releases_.insert(key);
    return {};
  }
  lane->second.asking = false;
  lane->second.rows = more || lane->second.busy;
  Step step = Advance(lane);
  step.look |= more;
  return step;
}

std::vector<int64_t> OrderLanes::followers() const {
  std::vector<int64_t> indexes;
  if (followers_ == 0) return indexes;
  for (const auto& [key, lane] : lanes_) {
    for (const DeliveryItem& item : lane.followers) indexes.push_back(item.index);
  }
  return indexes;
}

// Whatever may happen next in a lane.
OrderLanes::Step OrderLanes::Advance(Lanes::iterator entry) {
  Step step;
  Lane& lane = entry->second;
  if (lane.busy || lane.asking) return step;
  step.look = std::exchange(lane.missed, false);
  if (!lane.followers.empty()) {
    lane.busy = true;
    --followers_;
    step.next = std::move(lane.followers.front());
    lane.followers.pop_front();
    return step;
  }
  if (lane.rows) {
    waiting_ -= lane.waiting.size();
    for (DeliveryItem& item : lane.waiting) Defer(std::move(item), step);
    lane.waiting.clear();
    if (lanes_.size() > kMaxLanes) {
      complete_ = false;
      lanes_.erase(entry);
    }
    return step;
  }
  if (lane.waiting.empty()) {
    lanes_.erase(entry);
    return step;
  }
  lane.busy = true;
  --waiting_;
  step.next = std::move(lane.waiting.front());
  lane.waiting.pop_front();
  return step;
}

// It may come first of its key, by what became of others before a kill or in another key's shadow:
// the database knows, and is asked whenever one is added to those that wait there.
void OrderLanes::Defer(DeliveryItem item, Step& step) {
  unwritten_.insert(item.ordering_key);
  releases_.insert(item.ordering_key);
  step.deferred.push_back(std::move(item));
}

void OrderLanes::DropFollowers(Lane& lane) {
  followers_ -= lane.followers.size();
  lane.followers.clear();
}

}  // namespace gatehouse::service::delivery
