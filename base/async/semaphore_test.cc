#include "base/async/semaphore.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/async/cancel.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::base {
namespace {

using tests::LoopRunner;
using Permit = Semaphore::Permit;

class SemaphoreTest : public testing::Test {
 protected:
  // Asks on the loop of `runner`, and returns when it has been asked.
  static std::future<Permit> Ask(LoopRunner& runner, Semaphore& semaphore,
                                 CancelToken cancel = {}) {
    auto turn = runner.Start<Permit>(
        [&runner, &semaphore, cancel] { return semaphore.Acquire(runner.loop(), cancel); });
    Settle(runner);
    return turn;
  }

  // What was posted before has run.
  static void Settle(LoopRunner& runner) {
    runner.RunPlain([] {});
  }

  static bool IsReady(const std::future<Permit>& turn) {
    return turn.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  LoopRunner runner_;
};

TEST_F(SemaphoreTest, GivesTurnsInTheOrderOfTheAsking) {
  Semaphore semaphore(2);
  std::optional<Permit> first = Ask(runner_, semaphore).get();
  std::optional<Permit> second = Ask(runner_, semaphore).get();
  EXPECT_TRUE(*first);
  EXPECT_TRUE(*second);
  std::future<Permit> third = Ask(runner_, semaphore);
  std::future<Permit> fourth = Ask(runner_, semaphore);
  EXPECT_EQ(semaphore.waiting(), 2u);
  EXPECT_FALSE(IsReady(third));
  second.reset();
  EXPECT_TRUE(third.get());  // Ends at once.
  EXPECT_TRUE(fourth.get());
  EXPECT_EQ(semaphore.waiting(), 0u);
  first.reset();
  // As many as at first.
  first = Ask(runner_, semaphore).get();
  second = Ask(runner_, semaphore).get();
  EXPECT_FALSE(IsReady(Ask(runner_, semaphore)));
}

TEST_F(SemaphoreTest, AMovedPermitIsReleasedOnce) {
  Semaphore semaphore(1);
  Permit permit = Ask(runner_, semaphore).get();
  Permit moved = std::move(permit);
  permit = Permit();
  std::future<Permit> next = Ask(runner_, semaphore);
  EXPECT_FALSE(IsReady(next));
  moved = Permit();
  EXPECT_TRUE(next.get());
}

TEST_F(SemaphoreTest, WhoIsCancelledLeavesTheQueue) {
  Semaphore semaphore(1);
  std::optional<Permit> held = Ask(runner_, semaphore).get();
  const CancelToken cancel;
  std::future<Permit> gone = Ask(runner_, semaphore, cancel);
  std::future<Permit> next = Ask(runner_, semaphore);
  runner_.RunPlain([&] { cancel.Cancel(); });
  EXPECT_FALSE(gone.get());
  EXPECT_EQ(semaphore.waiting(), 1u);
  EXPECT_FALSE(IsReady(next));
  held.reset();
  EXPECT_TRUE(next.get());
  // And who comes cancelled takes none.
  EXPECT_FALSE(Ask(runner_, semaphore, cancel).get());
  EXPECT_TRUE(Ask(runner_, semaphore).get());
}

TEST_F(SemaphoreTest, APermitOnItsWayToWhoIsCancelledGoesOn) {
  Semaphore semaphore(1);
  std::optional<Permit> held = Ask(runner_, semaphore).get();
  const CancelToken cancel;
  std::future<Permit> gone = Ask(runner_, semaphore, cancel);
  std::future<Permit> next = Ask(runner_, semaphore);
  runner_.RunPlain([&] {
    held.reset();
    cancel.Cancel();
  });
  EXPECT_FALSE(gone.get());
  EXPECT_TRUE(next.get());
}

TEST_F(SemaphoreTest, ServesSeveralLoopsAndMayGoBeforeItsPermits) {
  LoopRunner other;
  auto semaphore = std::make_unique<Semaphore>(1);
  std::optional<Permit> held = Ask(runner_, *semaphore).get();
  std::future<Permit> there = Ask(other, *semaphore);
  std::future<Permit> here = Ask(runner_, *semaphore);
  semaphore.reset();
  held.reset();
  EXPECT_TRUE(there.get());
  EXPECT_TRUE(here.get());
}

}  // namespace
}  // namespace gatehouse::base
