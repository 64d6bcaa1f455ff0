#include "base/async/watchdog.h"

#include <cstdlib>
#include <utility>

#include "base/log_line.h"

namespace gatehouse::base {

Watchdog::Watchdog(SteadyTime deadline, std::function<void()> on_stuck)
    : thread_([deadline, on_stuck = std::move(on_stuck), done = done_.get_future()] {
        if (done.wait_until(deadline) == std::future_status::timeout) on_stuck();
      }) {}

Watchdog::~Watchdog() {
  done_.set_value();
  thread_.join();
}

void ExitStuck(const char* why) {
  LogLine(LogLevel::kError, why);
  FlushLogLines();
  std::_Exit(kExitStuck);
}

}  // namespace gatehouse::base
