#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_

#include "base/time.h"

namespace gatehouse::service::delivery {

// Keeps a receiver that does not answer from being hammered, and its events
// from being used up against it: after some failures in a row nothing is sent
// but one canary at a time, at growing distances, until one succeeds.
//
// A value; time comes in as a parameter, so every run of it can be replayed.
class Breaker {
 public:
  // As stored with the endpoint: it survives a change of owner.
  struct State {
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
  void OnFailure(base::Time now);
  // A started request that was called off: neither success nor failure.
  void OnAbandoned();

  bool open() const { return state_.open; }
  const State& state() const { return state_; }
  // When the next canary may start; meaningful while open.
  base::Time next_canary() const { return next_canary_; }

 private:
  State state_;
  base::Time next_canary_;
  base::Duration delay_{0};
  bool canary_in_flight_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_BREAKER_H_
