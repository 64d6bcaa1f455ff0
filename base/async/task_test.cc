#include "base/async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::base {
namespace {

Task<int> Number(int value) { co_return value; }

Task<int> Sum(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += co_await Number(1);
  co_return total;
}

Task<int> Depth(int left) {
  if (left == 0) co_return 0;
  const int below = co_await Depth(left - 1);
  co_return below + 1;
}

Task<int> Throw() {
  throw std::runtime_error("thrown");
  co_return 0;
}

Task<std::string> Catch() {
  try {
    co_await Throw();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing";
}

Task<std::unique_ptr<int>> MoveOnly() { co_return std::make_unique<int>(7); }

Task<void> SetFlag(bool* flag) {
  *flag = true;
  co_return;
}

TEST(TaskTest, ManyAwaitsInALoopKeepTheStackFlat) {
  tests::LoopRunner runner;
  EXPECT_EQ(runner.Run<int>([] { return Sum(1'000'000); }), 1'000'000);
}

TEST(TaskTest, AwaitsNest) {
  tests::LoopRunner runner;
  EXPECT_EQ(runner.Run<int>([] { return Depth(1000); }), 1000);
}

TEST(TaskTest, ExceptionsReachTheAwaiter) {
  tests::LoopRunner runner;
  EXPECT_EQ(runner.Run<std::string>([] { return Catch(); }), "thrown");
}

TEST(TaskTest, CarriesValuesThatOnlyMove) {
  tests::LoopRunner runner;
  EXPECT_EQ(*runner.Run<std::unique_ptr<int>>([] { return MoveOnly(); }), 7);
}

TEST(TaskTest, IsLazyAndMayBeDroppedUnstarted) {
  bool ran = false;
  {
    Task<void> task = SetFlag(&ran);
    Task<void> other = SetFlag(&ran);
    task = std::move(other);
  }
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace gatehouse::base
