#include "base/async/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/async/task.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::base {
namespace {

// What a coroutine got from the pool, and whether it came back to its loop.
Task<std::string> RunOn(WorkerPool* pool, Loop* loop, std::function<std::string()> work) {
  std::optional<std::string> value = co_await pool->Run<std::string>(*loop, std::move(work));
  if (!loop->IsCurrent()) co_return "resumed on another thread";
  co_return value.value_or("refused");
}

TEST(WorkerPoolTest, RunsOnItsThreadAndResumesOnTheLoop) {
  tests::LoopRunner runner;
  WorkerPool pool("pool-test", 2, 10);
  const std::string result = runner.Run<std::string>([&] {
    return RunOn(&pool, &runner.loop(), [&] {
      return std::string(runner.loop().IsCurrent() ? "on the loop" : "off the loop");
    });
  });
  EXPECT_EQ(result, "off the loop");
  EXPECT_EQ(pool.threads(), 2u);
}

TEST(WorkerPoolTest, RefusesWhenItsQueueIsFull) {
  tests::LoopRunner runner;
  std::promise<void> started;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> ran = 0;
  {
    WorkerPool pool("pool-test", 1, 2);
    ASSERT_TRUE(pool.TrySubmit([&, released] {
      started.set_value();
      released.wait();
      ++ran;
    }));
    started.get_future().wait();
    EXPECT_TRUE(pool.TrySubmit([&] { ++ran; }));
    EXPECT_TRUE(pool.TrySubmit([&] { ++ran; }));
    EXPECT_EQ(pool.queued(), 2u);
    EXPECT_FALSE(pool.TrySubmit([&] { ran = 100; }));
    EXPECT_EQ(runner.Run<std::string>(
                  [&] { return RunOn(&pool, &runner.loop(), [] { return std::string("ran"); }); }),
              "refused");
    release.set_value();
  }
  // The destructor runs what was queued.
  EXPECT_EQ(ran, 3);
}

TEST(WorkerPoolTest, StopByLeavesBehindWhatHangs) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  std::promise<void> started;
  std::promise<void> release;
  const auto released = std::make_shared<std::shared_future<void>>(release.get_future().share());
  const auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> waiting = token;
  std::promise<void> left;
  {
    WorkerPool pool("pool-test", 1, 2);
    ASSERT_TRUE(pool.TrySubmit([&started, &left, released] {
      started.set_value();
      released->wait();
      left.set_value();
    }));
    ASSERT_TRUE(pool.TrySubmit([token] {}));
    started.get_future().wait();
    EXPECT_FALSE(pool.StopBy(steady_clock::now() + milliseconds(10)));
    EXPECT_FALSE(pool.TrySubmit([] {}));
  }
  EXPECT_EQ(waiting.use_count(), 1) << "what had not begun is dropped";
  release.set_value();
  left.get_future().wait();
}

TEST(WorkerPoolTest, StopByRunsWhatIsQueued) {
  std::atomic<int> ran = 0;
  WorkerPool pool("pool-test", 1, 10);
  for (int i = 0; i < 10; ++i) pool.TrySubmit([&] { ++ran; });
  EXPECT_TRUE(pool.StopBy(std::chrono::steady_clock::now() + std::chrono::seconds(60)));
  EXPECT_EQ(ran, 10);
}

}  // namespace
}  // namespace gatehouse::base
