#ifndef GATEHOUSE_BASE_ASYNC_WATCHDOG_H_
#define GATEHOUSE_BASE_ASYNC_WATCHDOG_H_

#include <functional>
#include <future>
#include <thread>

#include "base/time.h"

namespace gatehouse::base {

// Calls `on_stuck`, on a thread of its own, if it is not destroyed by `deadline`:
// around what must end in time and cannot be made to.
//
// The destructor waits for `on_stuck` if that has begun.
class Watchdog {
 public:
  Watchdog(SteadyTime deadline, std::function<void()> on_stuck);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::promise<void> done_;
  std::thread thread_;
};

// sysexits.h's "internal software error": supervisors restart on it.
inline constexpr int kExitStuck = 70;

// Logs `why` and ends the process with kExitStuck, without destructors.
[[noreturn]] void ExitStuck(const char* why);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_WATCHDOG_H_
