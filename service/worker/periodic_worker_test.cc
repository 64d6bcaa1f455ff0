#include "service/worker/periodic_worker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/one_shot.h"
#include "base/log_line.h"

namespace gatehouse::service {
namespace {

using std::chrono::milliseconds;

class PeriodicWorkerTest : public testing::Test {
 protected:
  PeriodicWorkerTest() { loop_.Start(); }
  ~PeriodicWorkerTest() override { loop_.Stop(); }

  // The first turn fails, the third sets `third_`.
  static base::Task<absl::Status> Count(PeriodicWorkerTest* test) {
    const int turn = ++test->turns_;
    if (turn == 3) test->third_.set_value();
    co_return turn == 1 ? absl::UnavailableError("not yet") : absl::OkStatus();
  }

  // Fails at first, then sets `worked_`.
  static base::Task<absl::Status> CountUntilItWorks(PeriodicWorkerTest* test) {
    if (++test->turns_ == 1) co_return absl::UnavailableError("not yet");
    test->worked_.set_value();
    co_return absl::OkStatus();
  }

  static base::Task<absl::Status> Tell(std::promise<void>* promise) {
    promise->set_value();
    co_return absl::OkStatus();
  }

  // Lasts until it is cancelled.
  static base::Task<absl::Status> Wait(PeriodicWorkerTest* test, base::CallContext ctx) {
    base::OneShot<bool> cancelled;
    const base::CancelToken::Registration registration =
        ctx.cancel().OnCancel([cancelled] { cancelled.Set(true); });
    test->begun_.set_value();
    test->cancelled_ = co_await cancelled;
    co_return absl::CancelledError("stopped");
  }

  // A moment, which is the loop's for others.
  static base::Task<void> NoteRest(PeriodicWorkerTest* test, base::CancelToken cancel) {
    test->rests_after_.insert(test->turns_);
    co_await test->loop_.SleepUntil(std::chrono::steady_clock::now() + milliseconds(1), cancel);
  }

  // Until it is cancelled.
  static base::Task<void> RestUntil(PeriodicWorkerTest* test, base::CancelToken cancel) {
    base::OneShot<bool> cancelled;
    const base::CancelToken::Registration registration =
        cancel.OnCancel([cancelled] { cancelled.Set(true); });
    test->begun_.set_value();
    test->cancelled_ = co_await cancelled;
  }

  base::Loop loop_{"test"};
  // Written on the loop; read after Stop.
  int turns_ = 0;
  std::set<int> rests_after_;
  bool cancelled_ = false;
  std::promise<void> third_;
  std::promise<void> worked_;
  std::promise<void> begun_;
};

TEST_F(PeriodicWorkerTest, RestsAsItsWorkSaysUnlessATurnFailed) {
  // The pause is longer than any test: what ends it is the rest alone.
  PeriodicWorker worker(
      loop_,
      {.name = "counter",
       .pause = std::chrono::hours(1),
       .rest = [this](base::CancelToken cancel) { return NoteRest(this, std::move(cancel)); },
       .pause_after_failure = milliseconds(1)},
      [this](base::CallContext) { return Count(this); });
  worker.Start();
  third_.get_future().wait();
  worker.Stop(milliseconds(0));
  EXPECT_TRUE(rests_after_.contains(0));
  EXPECT_FALSE(rests_after_.contains(1));
  EXPECT_TRUE(rests_after_.contains(2));
}

TEST_F(PeriodicWorkerTest, StopsWhileItRests) {
  PeriodicWorker worker(
      loop_,
      {.name = "resting",
       .pause = milliseconds(1),
       .rest = [this](base::CancelToken cancel) { return RestUntil(this, std::move(cancel)); }},
      [this](base::CallContext) { return Count(this); });
  worker.Start();
  begun_.get_future().wait();
  worker.Stop(milliseconds(0));
  EXPECT_TRUE(cancelled_);
  EXPECT_EQ(turns_, 0);
}

TEST_F(PeriodicWorkerTest, GoesOnAfterAFailedTurnAndLogsIt) {
  std::string log;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { log += line; });
    PeriodicWorker worker(loop_, {.name = "counter", .pause = milliseconds(1)},
                          [this](base::CallContext) { return Count(this); });
    worker.Start();
    third_.get_future().wait();
    worker.Stop(milliseconds(0));
  }
  EXPECT_GE(turns_, 3);
  EXPECT_NE(log.find("counter"), std::string::npos) << log;
  EXPECT_NE(log.find("not yet"), std::string::npos) << log;
}

TEST_F(PeriodicWorkerTest, StopCancelsTheTurnUnderWay) {
  std::string log;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { log += line; });
    PeriodicWorker worker(loop_, {.name = "waiter", .pause = milliseconds(1)},
                          [this](base::CallContext ctx) { return Wait(this, ctx); });
    worker.Start();
    begun_.get_future().wait();
    worker.Stop(milliseconds(0));
  }
  EXPECT_TRUE(cancelled_);
  EXPECT_EQ(log, "") << "that a stop ends a turn is no failure";
}

TEST_F(PeriodicWorkerTest, BeginsWithAPauseThatStopEnds) {
  PeriodicWorker worker(loop_, {.name = "idle", .pause = std::chrono::hours(1)},
                        [this](base::CallContext) { return Count(this); });
  // Started later, without a pause: a first turn of the other would come before its own.
  PeriodicWorker next(loop_, {.name = "next", .pause = std::chrono::hours(1), .at_once = true},
                      [this](base::CallContext) { return Tell(&worked_); });
  worker.Start();
  next.Start();
  worked_.get_future().wait();
  worker.Stop(milliseconds(0));
  EXPECT_EQ(turns_, 0);
}

TEST_F(PeriodicWorkerTest, BeginsAtOnceAndPausesLessAfterAFailureIfToldTo) {
  PeriodicWorker worker(loop_,
                        {.name = "eager",
                         .pause = std::chrono::hours(1),
                         .pause_after_failure = milliseconds(1),
                         .at_once = true},
                        [this](base::CallContext) { return CountUntilItWorks(this); });
  worker.Start();
  worked_.get_future().wait();
  worker.Stop(milliseconds(0));
  EXPECT_EQ(turns_, 2);
}

}  // namespace
}  // namespace gatehouse::service
