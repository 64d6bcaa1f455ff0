#include "service/delivery/queue/breaker.h"

#include <algorithm>
#include <chrono>

namespace gatehouse::service::delivery {
namespace {

// A single bad answer among good ones is no outage; five in a row are.
constexpr int kOpenAfter = 5;
constexpr base::Duration kFirstDelay = std::chrono::seconds(30);
constexpr base::Duration kMaxHold = std::chrono::hours(1);

}  // namespace

Breaker::Breaker(State state, base::Time now) : state_(state), canary_(now, base::Duration(0)) {}

bool Breaker::MayStart(base::Time now) const {
  if (!hold_.IsOver(now)) return false;
  if (!state_.open) return true;
  return !canary_in_flight_ && canary_.IsOver(now);
}

void Breaker::OnStart() {
  if (state_.open) canary_in_flight_ = true;
}

void Breaker::OnSuccess() {
  Close();
  state_.consecutive_failures = 0;
}

void Breaker::OnRefusal() {
  Close();
  ++state_.consecutive_failures;
}

void Breaker::Close() {
  state_.open = false;
  failures_ = 0;
  canary_in_flight_ = false;
  delay_ = base::Duration(0);
}

void Breaker::OnFailure(base::Time now, std::optional<base::Duration> retry_after) {
  ++state_.consecutive_failures;
  ++failures_;
  if (retry_after) {
    const base::Pause hold(now, std::min(*retry_after, kMaxHold));
    if (hold_.IsOver(now) || hold_.end() < hold.end()) hold_ = hold;
  }
  if (!state_.open && failures_ < kOpenAfter) return;
  // Requests that were in flight when it opened fail after it: they tell
  // nothing new and must not stretch the delay.
  if (state_.open && !canary_in_flight_) return;
  state_.open = true;
  canary_in_flight_ = false;
  delay_ = delay_ == base::Duration(0) ? kFirstDelay : std::min(2 * delay_, kMaxTrialDistance);
  canary_ = base::Pause(now, delay_);
}

void Breaker::OnAbandoned() { canary_in_flight_ = false; }

}  // namespace gatehouse::service::delivery
