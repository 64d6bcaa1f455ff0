#include "rpc/deadline_queue.h"

#include <chrono>

namespace gatehouse::rpc {

DeadlineQueue::Handle DeadlineQueue::Add(base::SteadyTime when, Target* target) {
  // Most deadlines are "now + the same limit": they go to the end.
  const Handle handle = entries_.emplace_hint(entries_.end(), when, target);
  if (!armed_for_ || when < *armed_for_) Arm(when);
  return handle;
}

void DeadlineQueue::Stop() {
  timer_.Reset();
  armed_for_.reset();
}

void DeadlineQueue::Arm(base::SteadyTime when) {
  armed_for_ = when;
  timer_ = loop_.At(when, [this] { Expire(); });
}

void DeadlineQueue::Expire() {
  armed_for_.reset();
  const base::SteadyTime now = std::chrono::steady_clock::now();
  while (!entries_.empty() && entries_.begin()->first <= now) {
    Target* target = entries_.begin()->second;
    entries_.erase(entries_.begin());
    target->OnDeadline();
  }
  if (!entries_.empty() && !armed_for_) Arm(entries_.begin()->first);
}

}  // namespace gatehouse::rpc
