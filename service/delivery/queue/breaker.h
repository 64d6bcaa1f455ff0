#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_

#include <chrono>
#include <optional>

#include "base/pause.h"
#include "base/time.h"

namespace gatehouse::service::delivery {

// Canaries are at most so far apart: a receiver that is back is noticed by then.
inline constexpr base::Duration kMaxTrialDistance = std::chrono::minutes(10);

// Keeps a receiver that is down from being hammered, and its events from being
// used up against it: after some failures in a row nothing is sent but one canary
// at a time, at growing distances, until one is answered. A receiver that answers
// in time and refuses an event is not down, however many it refuses: docs/webhooks.md
// has what counts as what.
//
// A value; time comes in as a parameter, so every run of it can be replayed.
class Breaker {
 public:
  // As stored with the endpoint: it survives a change of owner.
  struct State {
    // Attempts of any kind that failed since the last success.
    int consecutive_failures = 0;
    bool open = false;
  };

  Breaker() = default;
  // An open breaker starts with a canary at once: the owner is new, and so may
  // be the receiver's mood.
  Breaker(State state, base::Time now);

  // True if a request may start now. With the breaker open that is the canary,
  // and one at a time: see OnStart.
  bool MayStart(base::Time now) const;
  void OnStart();
  void OnSuccess();
  // It refused this one event, so it is there.
  void OnRefusal();
  // It is down, or asks to be left alone. `retry_after`: for so long nothing is sent, not even
  // a canary, but at most an hour, since it may have asked for more by mistake.
  void OnFailure(base::Time now, std::optional<base::Duration> retry_after = std::nullopt);
  // A started request that was called off: neither success nor failure.
  void OnAbandoned();

  bool open() const { return state_.open; }
  const State& state() const { return state_; }
  // When the next canary may start; meaningful while open.
  base::Time next_canary() const { return canary_.end(); }

 private:
  void Close();

  State state_;
  // Since it was last known to be there.
  int failures_ = 0;
  base::Pause hold_;
  base::Pause canary_;
  base::Duration delay_{0};
  bool canary_in_flight_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_
