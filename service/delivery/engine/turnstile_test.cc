#include "service/delivery/engine/turnstile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::service::delivery {
namespace {

using ::testing::ElementsAre;

class TurnstileTest : public ::testing::Test {
 protected:
  // Goes through as `name`, and stays inside until `leave`.
  base::Task<bool> Visit(std::string name, base::OneShot<bool> leave) {
    const Turnstile::Pass pass = co_await turnstile_.Enter();
    inside_.push_back(name);
    co_await leave;
    co_return true;
  }
  std::future<bool> Start(std::string name, base::OneShot<bool> leave) {
    return runner_.Start<bool>([this, name, leave] { return Visit(name, leave); });
  }
  std::vector<std::string> Inside() {
    std::vector<std::string> inside;
    runner_.RunPlain([&] { inside = inside_; });
    return inside;
  }
  void Leave(const base::OneShot<bool>& leave) {
    runner_.RunPlain([&] { leave.Set(true); });
  }

  tests::LoopRunner runner_;
  Turnstile turnstile_;
  std::vector<std::string> inside_;
};

TEST_F(TurnstileTest, LetsOneThroughAtATimeInTheOrderTheyCame) {
  base::OneShot<bool> leave[3];
  std::future<bool> a = Start("a", leave[0]);
  std::future<bool> b = Start("b", leave[1]);
  std::future<bool> c = Start("c", leave[2]);
  EXPECT_THAT(Inside(), ElementsAre("a"));
  // The last one is ready to leave before it is inside.
  Leave(leave[2]);
  EXPECT_THAT(Inside(), ElementsAre("a"));
  Leave(leave[0]);
  EXPECT_THAT(Inside(), ElementsAre("a", "b"));
  Leave(leave[1]);
  EXPECT_THAT(Inside(), ElementsAre("a", "b", "c"));
  a.get();
  b.get();
  c.get();
}

TEST_F(TurnstileTest, IsBusyWhileSomebodyIsInside) {
  EXPECT_FALSE(turnstile_.busy());
  base::OneShot<bool> leave;
  std::future<bool> visit = Start("a", leave);
  runner_.RunPlain([&] { EXPECT_TRUE(turnstile_.busy()); });
  Leave(leave);
  visit.get();
  EXPECT_FALSE(turnstile_.busy());
}

}  // namespace
}  // namespace gatehouse::service::delivery
