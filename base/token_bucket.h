#ifndef GATEHOUSE_BASE_TOKEN_BUCKET_H_
#define GATEHOUSE_BASE_TOKEN_BUCKET_H_

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace gatehouse::base {

// How often something may happen: `rate` times a second on average, `burst` times at once.
struct RateLimit {
  double rate = 0;  // 0: no limit.
  double burst = 0;
};

// How much of a RateLimit is left. The limit is not kept here, since many buckets share one. `now`
// does not go back.
class TokenBucket {
 public:
  TokenBucket(const RateLimit& limit, SteadyTime now) : tokens_(limit.burst), at_(now) {}

  // Takes one token, or `count` of them but no more than a burst has; false if there are not as
  // many.
  bool Take(const RateLimit& limit, SteadyTime now, double count = 1) {
    if (limit.rate <= 0) return true;
    if (now != at_) {
      tokens_ = TokensAt(limit, now);
      at_ = now;
    }
    count = std::min(count, limit.burst);
    if (tokens_ < count) return false;
    tokens_ -= count;
    return true;
  }

  // Gives back one that was taken for what turned out not to count.
  void GiveBack(const RateLimit& limit) { tokens_ = std::min(limit.burst, tokens_ + 1); }

  // How long until there are as many, after a Take that was refused.
  std::chrono::duration<double> Wait(const RateLimit& limit, double count = 1) const {
    return std::chrono::duration<double>((std::min(count, limit.burst) - tokens_) / limit.rate);
  }

  double TokensAt(const RateLimit& limit, SteadyTime now) const {
    const std::chrono::duration<double> passed = now - at_;
    return std::min(limit.burst, tokens_ + passed.count() * limit.rate);
  }

 private:
  double tokens_;
  SteadyTime at_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TOKEN_BUCKET_H_
