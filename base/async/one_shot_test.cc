#include "base/async/one_shot.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/async/task.h"
#include "base/async/task_group.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::base {
namespace {

Task<std::string> Await(OneShot<std::string> shot) {
  std::string value = co_await shot;
  co_return value;
}

TEST(OneShotTest, AValueSetBeforeIsAwaitedWithoutSuspending) {
  tests::LoopRunner runner;
  const OneShot<std::string> shot;
  EXPECT_FALSE(shot.IsSet());
  EXPECT_TRUE(shot.Set("early"));
  EXPECT_TRUE(shot.IsSet());
  EXPECT_EQ(runner.Run<std::string>([&] { return Await(shot); }), "early");
}

TEST(OneShotTest, TheFirstSetWinsAlsoAfterItWasTaken) {
  tests::LoopRunner runner;
  const OneShot<std::string> shot;
  auto waiting = runner.Start<std::string>([&] { return Await(shot); });
  bool first = false;
  bool second = true;
  runner.RunPlain([&] {
    first = shot.Set("first");
    second = shot.Set("second");
  });
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(shot.IsSet());
  EXPECT_EQ(waiting.get(), "first");
}

Task<std::string> DropAndAwait(std::shared_ptr<std::unique_ptr<OneShot<std::string>>> owner) {
  const OneShot<std::string> shot = **owner;
  std::string value = co_await shot;
  // What set it goes away while Set still runs.
  owner->reset();
  co_return value;
}

TEST(OneShotTest, TheAwaiterMayDropTheSetter) {
  tests::LoopRunner runner;
  auto owner = std::make_shared<std::unique_ptr<OneShot<std::string>>>(
      std::make_unique<OneShot<std::string>>());
  auto waiting = runner.Start<std::string>([&] { return DropAndAwait(owner); });
  runner.RunPlain([&] { (*owner)->Set("value"); });
  EXPECT_EQ(waiting.get(), "value");
}

}  // namespace
}  // namespace gatehouse::base
