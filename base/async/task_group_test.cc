#include "base/async/task_group.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/async/loop.h"
#include "base/async/task.h"

namespace gatehouse::base {
namespace {

class TaskGroupTest : public testing::Test {
 protected:
  void SetUp() override {
    loop_.Start();
    group_ = std::make_unique<TaskGroup>(
        loop_, [this](const std::string& what) { exceptions_.push_back(what); });
  }
  void TearDown() override {
    group_.reset();
    loop_.Stop();
  }
  void Spawn(Task<void> (*make)(TaskGroupTest*)) {
    std::promise<void> spawned;
    loop_.Post([&] {
      group_->Spawn(make(this));
      spawned.set_value();
    });
    spawned.get_future().wait();
  }

  static Task<void> SleepLong(TaskGroupTest* test) {
    const bool slept = co_await test->loop_.SleepUntil(
        std::chrono::steady_clock::now() + std::chrono::hours(1), test->group_->cancel());
    test->ends_ += slept ? 0 : 1;
  }
  static Task<void> Throw(TaskGroupTest*) {
    throw std::runtime_error("a bug");
    co_return;
  }
  static Task<void> CountRun(TaskGroupTest* test) {
    ++test->ends_;
    co_return;
  }

  Loop loop_{"group-test"};
  std::vector<std::string> exceptions_;
  int ends_ = 0;
  std::unique_ptr<TaskGroup> group_;
};

TEST_F(TaskGroupTest, StopCancelsAndWaitsForEveryTask) {
  for (int i = 0; i < 3; ++i) Spawn(SleepLong);
  group_->StopAndJoin();
  EXPECT_EQ(ends_, 3);
  EXPECT_EQ(group_->running(), 0u);
}

TEST_F(TaskGroupTest, StopWithNothingRunningReturns) {
  Spawn(CountRun);
  group_->StopAndJoin();
  EXPECT_EQ(ends_, 1);
}

TEST_F(TaskGroupTest, AnEscapedExceptionIsReportedAndTheGroupGoesOn) {
  Spawn(Throw);
  Spawn(CountRun);
  group_->StopAndJoin();
  EXPECT_EQ(exceptions_, std::vector<std::string>{"a bug"});
  EXPECT_EQ(ends_, 1);
}

TEST_F(TaskGroupTest, WhatIsSpawnedAfterStopDoesNotRun) {
  group_->StopAndJoin();
  Spawn(CountRun);
  EXPECT_EQ(ends_, 0);
}

}  // namespace
}  // namespace gatehouse::base
