#include "base/async/watchdog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace gatehouse::base {
namespace {

using std::chrono::steady_clock;

TEST(WatchdogTest, ActsWhenTheDeadlineHasPassed) {
  std::promise<void> acted;
  const SteadyTime deadline = steady_clock::now() + std::chrono::milliseconds(20);
  const Watchdog watchdog(deadline, [&acted] { acted.set_value(); });
  acted.get_future().wait();
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(WatchdogTest, DoesNothingWhenDestroyedInTime) {
  bool acted = false;
  {
    const Watchdog watchdog(steady_clock::now() + std::chrono::hours(1),
                            [&acted] { acted = true; });
  }
  EXPECT_FALSE(acted);
}

TEST(WatchdogDeathTest, ExitStuckSaysWhyAndEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ExitStuck("it hangs"), testing::ExitedWithCode(kExitStuck), "it hangs");
}

}  // namespace
}  // namespace gatehouse::base
