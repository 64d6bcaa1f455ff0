#ifndef GATEHOUSE_BASE_MANUAL_CLOCK_H_
#define GATEHOUSE_BASE_MANUAL_CLOCK_H_

#include <atomic>

#include "base/time.h"

namespace gatehouse::base {

// A clock that moves only when told to. For tests. Thread-safe.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Time start) : micros_(ToMicros(start)) {}

  Time Now() const override { return TimeFromMicros(micros_.load()); }
  void Advance(Duration by) { micros_.fetch_add(by.count()); }
  void Set(Time to) { micros_.store(ToMicros(to)); }

 private:
  std::atomic<int64_t> micros_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_MANUAL_CLOCK_H_
