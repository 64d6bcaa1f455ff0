#include "service/signals/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace gatehouse::service {
namespace {

TEST(StopSignalTest, WaitReturnsTheSignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    StopSignal stop;
    raise(number);
    EXPECT_EQ(stop.Wait(), number);
  }
}

TEST(StopSignalTest, WaitIsWokenByASignalToTheProcess) {
  StopSignal stop;
  std::thread killer([] { kill(getpid(), SIGTERM); });
  EXPECT_EQ(stop.Wait(), SIGTERM);
  killer.join();
}

TEST(StopSignalTest, WaitIsWokenByARequest) {
  StopSignal stop;
  std::thread requester([&stop] { stop.Request(); });
  EXPECT_EQ(stop.Wait(), 0);
  requester.join();
}

TEST(StopSignalTest, LeavesTheHandlersAsTheyWere) {
  const auto handler_of = [](int number) {
    struct sigaction action = {};
    sigaction(number, nullptr, &action);
    return action.sa_handler;
  };
  for (const int number : {SIGTERM, SIGINT}) {
    const auto before = handler_of(number);
    {
      StopSignal stop;
      EXPECT_NE(handler_of(number), before) << number;
    }
    EXPECT_EQ(handler_of(number), before) << number;
  }
}

TEST(StopSignalDeathTest, SecondSignalEndsTheProcessAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StopSignal stop;
        raise(SIGTERM);
        stop.Wait();
        raise(SIGINT);
        std::abort();
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(StopSignalDeathTest, SignalBeforeReadyEndsTheProcessAtOnceIfAskedTo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StopSignal stop(StopSignal::BeforeReady::kExit);
        raise(SIGTERM);
        std::abort();
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopSignalTest, WaitReturnsTheSignalAfterReady) {
  StopSignal stop(StopSignal::BeforeReady::kExit);
  stop.Ready();
  raise(SIGTERM);
  EXPECT_EQ(stop.Wait(), SIGTERM);
}

TEST(StopSignalTest, RestoresTheHandlers) {
  {
    StopSignal stop;
  }
  struct sigaction action = {};
  sigaction(SIGTERM, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace gatehouse::service
