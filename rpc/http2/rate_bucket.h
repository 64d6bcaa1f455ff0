#ifndef GATEHOUSE_RPC_HTTP2_RATE_BUCKET_H_
#define GATEHOUSE_RPC_HTTP2_RATE_BUCKET_H_

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace gatehouse::rpc::http2 {

// How often something may happen: so many times per second, and `burst` times at once.
class RateBucket {
 public:
  RateBucket(double per_second, double burst, base::SteadyTime now)
      : per_second_(per_second), burst_(burst), left_(burst), last_(now) {}

  // Counts one; false when that is too many. `now` does not go back.
  bool Take(base::SteadyTime now) {
    if (left_ < 1) {
      left_ = std::min(burst_,
                       left_ + per_second_ * std::chrono::duration<double>(now - last_).count());
      last_ = now;
      if (left_ < 1) return false;
    }
    left_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double left_;
  // When `left_` was last filled up: only when it is used up, so that the usual case costs nothing.
  base::SteadyTime last_;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_RATE_BUCKET_H_
