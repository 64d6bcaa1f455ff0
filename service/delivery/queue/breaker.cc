#include "service/delivery/queue/breaker.h"

#include <algorithm>
#include <chrono>

namespace gatehouse::service::delivery {
namespace {

// A single bad answer among good ones is no outage; five in a row are.
constexpr int kOpenAfter = 5;
constexpr base::Duration kFirstDelay = std::chrono::seconds(30);
// A receiver that is back is noticed within ten minutes.
constexpr base::Duration kMaxDelay = std::chrono::minutes(10);

}  // namespace

Breaker::Breaker(State state, base::Time now) : state_(state), next_canary_(now) {}

bool Breaker::MayStart(base::Time now) const {
  if (!state_.open) return true;
  return !canary_in_flight_ && now >= next_canary_;
}

void Breaker::OnStart() {
  if (state_.open) canary_in_flight_ = true;
}

void Breaker::OnSuccess() {
  state_ = State();
  canary_in_flight_ = false;
  delay_ = base::Duration(0);
}

void Breaker::OnFailure(base::Time now) {
  ++state_.consecutive_failures;
  if (!state_.open && state_.consecutive_failures < kOpenAfter) return;
  // Requests that were in flight when it opened fail after it: they tell
  // nothing new and must not stretch the delay.
  if (state_.open && !canary_in_flight_) return;
  state_.open = true;
  canary_in_flight_ = false;
  delay_ = delay_ == base::Duration(0) ? kFirstDelay : std::min(2 * delay_, kMaxDelay);
  next_canary_ = now + delay_;
}

void Breaker::OnAbandoned() { canary_in_flight_ = false; }

}  // namespace gatehouse::service::delivery
