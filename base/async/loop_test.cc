#include "base/async/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(LoopTest, RunsPostsInOrderOnItsThread) {
  Loop loop("loop-test");
  EXPECT_FALSE(loop.IsCurrent());
  std::vector<int> order;
  std::atomic<bool> on_thread = true;
  for (int i = 0; i < 100; ++i) {
    loop.Post([&, i] {
      order.push_back(i);
      if (!loop.IsCurrent()) on_thread = false;
    });
  }
  loop.Start();
  // Stop runs what was posted before it.
  loop.Stop();
  loop.Stop();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  EXPECT_TRUE(on_thread);
}

TEST(LoopTest, TimersFireInOrderOfTimeAndNotWhenReset) {
  tests::LoopRunner runner;
  std::vector<int> fired;
  std::promise<void> last;
  Loop::Timer late;
  Loop::Timer early;
  Loop::Timer dropped;
  runner.RunPlain([&] {
    const SteadyTime now = steady_clock::now();
    late = runner.loop().At(now + milliseconds(20), [&] {
      fired.push_back(2);
      last.set_value();
    });
    early = runner.loop().At(now + milliseconds(5), [&] { fired.push_back(1); });
    dropped = runner.loop().At(now + milliseconds(1), [&] { fired.push_back(0); });
    dropped.Reset();
  });
  last.get_future().wait();
  runner.RunPlain([&] {
    EXPECT_EQ(fired, (std::vector<int>{1, 2}));
    late.Reset();
    early.Reset();
  });
}

TEST(LoopTest, ATimerDueInTheSameTurnCanStillBeReset) {
  tests::LoopRunner runner;
  bool fired = false;
  Loop::Timer first;
  Loop::Timer second;
  std::promise<void> done;
  runner.RunPlain([&] {
    const SteadyTime past = steady_clock::now() - milliseconds(1);
    // Both handlers are queued before either runs.
    first = runner.loop().At(past, [&] {
      second.Reset();
      runner.loop().Post([&] { done.set_value(); });
    });
    second = runner.loop().At(past, [&] { fired = true; });
  });
  done.get_future().wait();
  runner.RunPlain([&] {
    EXPECT_FALSE(fired);
    first.Reset();
  });
}

TEST(LoopTest, SleepEndsByTimeOrByCancellation) {
  tests::LoopRunner runner;
  EXPECT_TRUE(runner.Run<bool>([&] {
    return runner.loop().SleepUntil(steady_clock::now() + milliseconds(5), CancelToken());
  }));
  const CancelToken cancel;
  auto sleeping = runner.Start<bool>(
      [&] { return runner.loop().SleepUntil(steady_clock::now() + seconds(60), cancel); });
  runner.RunPlain([&] { cancel.Cancel(); });
  EXPECT_FALSE(sleeping.get());
  EXPECT_FALSE(runner.Run<bool>(
      [&] { return runner.loop().SleepUntil(steady_clock::now() + seconds(60), cancel); }));
}

}  // namespace
}  // namespace gatehouse::base
