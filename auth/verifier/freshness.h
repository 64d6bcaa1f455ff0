#ifndef GATEHOUSE_AUTH_VERIFIER_FRESHNESS_H_
#define GATEHOUSE_AUTH_VERIFIER_FRESHNESS_H_

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace gatehouse::auth {

// Until when revocations are known, on the watch of this process, although the server says it by
// its own clock and messages take time.
//
// The smallest difference between the two clocks that any message of a stream showed is that of the
// message that travelled fastest: measured by it, one that lay in a buffer for long is as old as it
// is, and clocks need not agree. They must not part, though: when the server's is set back, or the
// two drift for days, all that comes looks late. Then another stream measures anew.
//
// Not thread-safe.
class Freshness {
 public:
  using Offset = std::chrono::nanoseconds;

  // Messages in a row that are later than the fastest one by more than `max_lag`, after which it is
  // no stall that is over.
  static constexpr int kLagging = 5;

  explicit Freshness(Offset max_lag = std::chrono::milliseconds(2'500)) : max_lag_(max_lag) {}

  // Another server has another clock.
  void NewStream() {
    offset_ = Offset::max();
    lagging_ = 0;
  }

  // A message that was made at `server_time` said that everything before `as_of` is told, and
  // arrived at `received`.
  base::SteadyTime Heard(base::Time as_of, base::Time server_time, base::SteadyTime received) {
    const Offset offset = received.time_since_epoch() - Offset(server_time.time_since_epoch());
    offset_ = std::min(offset_, offset);
    lagging_ = offset - offset_ > max_lag_ ? lagging_ + 1 : 0;
    return base::SteadyTime(Offset(as_of.time_since_epoch()) + offset_);
  }

  // What this stream says is taken for older than it may be: another one is to be begun.
  bool lags() const { return lagging_ >= kLagging; }

 private:
  const Offset max_lag_;
  Offset offset_ = Offset::max();
  int lagging_ = 0;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_FRESHNESS_H_
