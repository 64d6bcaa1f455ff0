#include "service/delivery/engine/engine_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "absl/status/status.h"
#include "base/async/one_shot.h"
#include "base/log_line.h"
#include "base/principal.h"
#include "base/time.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EngineTasksTest : public ::testing::Test {
 protected:
  ~EngineTasksTest() override { tasks_.StopAndJoin(); }

  static base::Task<void> Until(base::OneShot<bool> end) { co_await end; }
  base::Task<void> Live() {
    co_await runner_.loop().SleepUntil(std::chrono::steady_clock::now() + hours(1),
                                       tasks_.cancel());
  }
  base::Task<bool> Idle() {
    co_await tasks_.AwaitIdle();
    co_return true;
  }
  // Whether `future` is there once the loop has nothing posted any more.
  bool IsReady(const std::future<bool>& future) {
    runner_.RunPlain([] {});
    return future.wait_for(milliseconds(0)) == std::future_status::ready;
  }
  std::string Logged(const absl::Status& status) {
    std::string logged;
    const base::ScopedLogCapture capture([&](const std::string& line) { logged += line; });
    runner_.RunPlain([&] { tasks_.LogProblem("cannot do it", status); });
    base::FlushLogLines();
    return logged;
  }

  tests::LoopRunner runner_;
  EngineTasks tasks_{runner_.loop()};
};

TEST_F(EngineTasksTest, IsIdleOnceTasksAndOtherWorkHaveEnded) {
  const base::OneShot<bool> end;
  runner_.RunPlain([&] {
    tasks_.SpawnForLife(Live());
    tasks_.Spawn(Until(end));
    tasks_.BeginWork();
  });
  std::future<bool> idle = runner_.Start<bool>([this] { return Idle(); });
  EXPECT_FALSE(IsReady(idle));
  runner_.RunPlain([&] { end.Set(true); });
  EXPECT_FALSE(IsReady(idle));
  runner_.RunPlain([&] { tasks_.EndWork(); });
  // What runs for life still does.
  EXPECT_TRUE(idle.get());
}

TEST_F(EngineTasksTest, IsIdleFromTheStart) {
  EXPECT_TRUE(runner_.Run<bool>([this] { return Idle(); }));
}

TEST_F(EngineTasksTest, StatementsBelongToTheSystemAndToOneTenant) {
  const base::Uuid tenant = base::Uuid::MakeV7(base::TimeFromMicros(1'800'000'000'000'000));
  runner_.RunPlain([&] {
    const base::CallContext ctx = tasks_.Context(tenant);
    EXPECT_EQ(ctx.principal().kind, base::Principal::Kind::kSystem);
    EXPECT_EQ(ctx.principal().tenant_id, tenant);
    EXPECT_EQ(ctx.principal().name, "webhooks");
    EXPECT_LT(ctx.deadline(), std::chrono::steady_clock::now() + hours(1));
    EXPECT_FALSE(ctx.cancel().cancelled());
    tasks_.statements().Cancel();
    EXPECT_TRUE(ctx.cancel().cancelled());
    EXPECT_TRUE(tasks_.Context(tenant).cancel().cancelled());
  });
}

TEST_F(EngineTasksTest, WhatTheStopGaveUpIsNoProblem) {
  EXPECT_THAT(Logged(absl::UnavailableError("no database")), HasSubstr("no database"));
  EXPECT_THAT(Logged(absl::CancelledError("by somebody")), HasSubstr("by somebody"));
  runner_.RunPlain([&] { tasks_.statements().Cancel(); });
  EXPECT_THAT(Logged(absl::CancelledError("by the stop")), IsEmpty());
  EXPECT_THAT(Logged(absl::UnavailableError("no database")), HasSubstr("no database"));
}

}  // namespace
}  // namespace gatehouse::service::delivery
