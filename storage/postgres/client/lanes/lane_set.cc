#include "storage/postgres/client/lanes/lane_set.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "storage/postgres/client/client_errors.h"

namespace gatehouse::storage::postgres {
namespace {

// Reads that share a Sync at most: all of them wait for the slowest.
constexpr size_t kMaxShared = 16;

constexpr std::chrono::milliseconds kOthersAfter{250};

bool MayShare(const Segment& segment) { return !segment.alone && segment.batch.reads(); }

}  // namespace

LaneSet::LaneSet(std::shared_ptr<ClientState> state, base::Loop& loop, int lanes)
    : state_(std::move(state)),
      loop_(loop),
      count_(static_cast<size_t>(lanes)),
      queue_(state_->counters.queued) {}

void LaneSet::Start() {
  Open(1);
  opening_ = loop_.At(std::chrono::steady_clock::now() + kOthersAfter, [this] { Open(count_); });
}

void LaneSet::Open(size_t lanes) {
  while (!closing_ && lanes_.size() < lanes) {
    lanes_.push_back(std::make_shared<Lane>(state_, loop_, *this));
    lanes_.back()->Connect();
  }
}

base::Task<SegmentResult> LaneSet::Run(std::shared_ptr<LaneSet> self, base::CallContext ctx,
                                       Batch batch) {
  if (absl::Status alive = CheckAlive(ctx); !alive.ok()) co_return alive;
  auto segment = std::make_shared<Segment>(std::move(batch));
  self->Submit(segment);
  SegmentResult result = co_await AwaitSegment(std::move(ctx), segment);
  co_return result;
}

void LaneSet::Submit(const SegmentPtr& segment) {
  if (closing_) {
    segment->done.Set(ShuttingDownError());
    return;
  }
  const auto limit = static_cast<size_t>(state_->config.max_queued_per_loop);
  if (queue_.size() >= limit) Dispatch();
  if (queue_.size() >= limit) {
    segment->done.Set(OverloadedError("max_queued_per_loop"));
    return;
  }
  queue_.Push(segment);
  if (!MayShare(*segment)) {
    Dispatch();
  } else if (!std::exchange(dispatch_posted_, true)) {
    loop_.Post([self = shared_from_this()] {
      self->dispatch_posted_ = false;
      self->Dispatch();
    });
  }
}

void LaneSet::Dispatch() {
  while (!queue_.empty()) {
    Lane* lane = LeastBusy();
    if (lane == nullptr) break;
    if (lane->in_flight() > 0 && lanes_.size() < count_) {
      // What waits would wait behind a call that may be held up. It goes to the first lane that is
      // there, or free again.
      Open(count_);
      break;
    }
    const std::vector<SegmentPtr> group =
        TakeGroup(static_cast<size_t>(state_->config.max_in_flight_per_lane) - lane->in_flight());
    if (lane->Send(group)) continue;
    for (const SegmentPtr& segment : group) queue_.Push(segment);
  }
  ArmExpiry();
}

std::vector<SegmentPtr> LaneSet::TakeGroup(size_t room) {
  std::vector<SegmentPtr> group{queue_.Pop()};
  if (!MayShare(*group.front())) return group;
  const size_t limit = std::min(room, kMaxShared);
  while (group.size() < limit && !queue_.empty() && MayShare(queue_.front())) {
    group.push_back(queue_.Pop());
  }
  return group;
}

void LaneSet::Resubmit(SegmentPtr segment) { Submit(segment); }

Lane* LaneSet::LeastBusy() const {
  Lane* best = nullptr;
  const auto limit = static_cast<size_t>(state_->config.max_in_flight_per_lane);
  for (const std::shared_ptr<Lane>& lane : lanes_) {
    if (!lane->ready() || lane->in_flight() >= limit) continue;
    if (best == nullptr || lane->in_flight() < best->in_flight()) best = lane.get();
  }
  return best;
}

bool LaneSet::AnyReady() const {
  for (const std::shared_ptr<Lane>& lane : lanes_) {
    if (lane->ready()) return true;
  }
  return false;
}

void LaneSet::OnLaneReady(Lane&) { Dispatch(); }

void LaneSet::ArmExpiry() {
  if (expiry_armed_ || queue_.empty()) return;
  expiry_armed_ = true;
  expiry_ = loop_.At(queue_.front().queued_since + state_->config.acquire_timeout,
                     [this] { ExpireQueue(); });
}

void LaneSet::ExpireQueue() {
  expiry_armed_ = false;
  const base::SteadyTime limit = std::chrono::steady_clock::now() - state_->config.acquire_timeout;
  const absl::Status status =
      AnyReady() ? OverloadedError("max_in_flight_per_lane") : UnavailableError();
  while (!queue_.empty() && queue_.front().queued_since <= limit) {
    const SegmentPtr segment = queue_.Pop();
    segment->done.Set(status);
  }
  ArmExpiry();
}

void LaneSet::BeginClose() {
  closing_ = true;
  while (!queue_.empty()) {
    const SegmentPtr segment = queue_.Pop();
    segment->done.Set(ShuttingDownError());
  }
}

size_t LaneSet::in_flight() const {
  size_t total = 0;
  for (const std::shared_ptr<Lane>& lane : lanes_) total += lane->in_flight();
  return total;
}

void LaneSet::Close() {
  opening_.Reset();
  expiry_.Reset();
  for (const std::shared_ptr<Lane>& lane : lanes_) lane->Close(ShuttingDownError());
  lanes_.clear();
}

}  // namespace gatehouse::storage::postgres
