#ifndef GATEHOUSE_BASE_TIME_H_
#define GATEHOUSE_BASE_TIME_H_

#include <chrono>
#include <cstdint>

namespace gatehouse::base {

using Duration = std::chrono::microseconds;

// A point in time, in microseconds since 1970-01-01T00:00:00Z: the resolution
// Postgres stores, so that what is hashed, stored and read back is the same.
using Time = std::chrono::sys_time<Duration>;

// For deadlines and timeouts, which must not follow a clock that is set.
using SteadyTime = std::chrono::steady_clock::time_point;

inline constexpr Time TimeFromMicros(int64_t micros) { return Time(Duration(micros)); }
inline constexpr int64_t ToMicros(Time time) { return time.time_since_epoch().count(); }

// Where the current time comes from. Injected, so that tests step it.
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

// The machine's clock.
class SystemClock : public Clock {
 public:
  Time Now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TIME_H_
