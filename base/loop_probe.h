#ifndef GATEHOUSE_BASE_LOOP_PROBE_H_
#define GATEHOUSE_BASE_LOOP_PROBE_H_

#include <chrono>
#include <memory>

#include "base/async/loop.h"
#include "base/time.h"

namespace gatehouse::base {

// Tells whether a loop still runs what is posted to it, without waiting for it: a look posts
// something, and a later look sees whether that has run. So what hangs is noticed by the second
// look, `patience` after the first.
//
// The loop outlives it. Thread-safe.
class LoopProbe {
 public:
  LoopProbe(Loop& loop, std::chrono::milliseconds patience);

  bool Responds(SteadyTime now);

 private:
  struct State;

  Loop& loop_;
  const std::chrono::milliseconds patience_;
  const std::shared_ptr<State> state_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_LOOP_PROBE_H_
