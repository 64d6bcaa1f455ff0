#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_PACE_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_PACE_H_

#include <chrono>

#include "base/time.h"
#include "base/token_bucket.h"

namespace gatehouse::service::delivery {

// How fast one endpoint is sent requests: a token bucket on a clock that may be set. A value; time
// comes in as a parameter, and where it goes back the tokens there are stay.
class DeliveryPace {
 public:
  explicit DeliveryPace(base::Time now) : at_(now), bucket_({}, SteadyOf(now)) {}

  // A change of the endpoint's setting begins with a full burst. True if it is one.
  bool Set(const base::RateLimit& limit, base::Time now) {
    if (limit.rate == limit_.rate && limit.burst == limit_.burst) return false;
    limit_ = limit;
    at_ = now;
    bucket_ = base::TokenBucket(limit_, SteadyOf(now));
    return true;
  }

  // False if a request must wait, until NextAt().
  bool Take(base::Time now) {
    Follow(now);
    return bucket_.Take(limit_, SteadyOf(now));
  }
  // For one that was not made after all.
  void GiveBack() {
    if (limit_.rate > 0) bucket_.GiveBack(limit_);
  }

  // After a Take that was refused at `now`.
  base::Time NextAt(base::Time now) const {
    // Not a moment too early.
    return now + std::chrono::ceil<base::Duration>(bucket_.Wait(limit_)) + base::Duration(1);
  }

 private:
  static base::SteadyTime SteadyOf(base::Time time) {
    return base::SteadyTime(time.time_since_epoch());
  }
  void Follow(base::Time now) {
    if (now < at_) {
      const double left = bucket_.TokensAt(limit_, SteadyOf(at_));
      bucket_ = base::TokenBucket({.rate = limit_.rate, .burst = left}, SteadyOf(now));
    }
    at_ = now;
  }

  base::RateLimit limit_;
  // The last time it was asked.
  base::Time at_;
  base::TokenBucket bucket_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_PACE_H_
