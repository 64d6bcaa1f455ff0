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
// is, and clocks need not agree.
//
// Not thread-safe.
class Freshness {
 public:
  // Another server has another clock.
  void NewStream() { offset_ = Offset::max(); }

  // A message that was made at `server_time` said that everything before `as_of` is told, and
  // arrived at `received`.
  base::SteadyTime Heard(base::Time as_of, base::Time server_time, base::SteadyTime received) {
    offset_ =
        std::min(offset_, received.time_since_epoch() - Offset(server_time.time_since_epoch()));
    return base::SteadyTime(Offset(as_of.time_since_epoch()) + offset_);
  }

 private:
  using Offset = std::chrono::nanoseconds;
  Offset offset_ = Offset::max();
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_FRESHNESS_H_
