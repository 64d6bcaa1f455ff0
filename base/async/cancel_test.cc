#include "base/async/cancel.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace gatehouse::base {
namespace {

TEST(CancelTokenTest, RunsCallbacksOnceInOrderForAllCopies) {
  const CancelToken token;
  const CancelToken copy = token;
  std::string calls;
  const auto a = token.OnCancel([&] { calls += "a"; });
  const auto b = copy.OnCancel([&] { calls += "b"; });
  EXPECT_FALSE(token.cancelled());
  copy.Cancel();
  token.Cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(calls, "ab");
}

TEST(CancelTokenTest, CallsAtOnceWhenAlreadyCancelled) {
  const CancelToken token;
  token.Cancel();
  bool called = false;
  const auto registration = token.OnCancel([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(CancelTokenTest, UnregistersWhenDropped) {
  const CancelToken token;
  int calls = 0;
  {
    const auto gone = token.OnCancel([&] { ++calls; });
    auto moved = token.OnCancel([&] { ++calls; });
    CancelToken::Registration kept = std::move(moved);
    kept = CancelToken::Registration();
  }
  token.Cancel();
  EXPECT_EQ(calls, 0);
}

TEST(CancelTokenTest, ACallbackMayUnregisterItselfAndOthers) {
  const CancelToken token;
  std::string calls;
  CancelToken::Registration other;
  CancelToken::Registration self = token.OnCancel([&] {
    calls += "s";
    self.Reset();
    other.Reset();
  });
  other = token.OnCancel([&] { calls += "o"; });
  token.Cancel();
  EXPECT_EQ(calls, "s");
}

TEST(CancelTokenTest, ARegistrationOutlivesItsToken) {
  CancelToken::Registration registration;
  const auto held = std::make_shared<int>(0);
  {
    const CancelToken token;
    registration = token.OnCancel([held] { ++*held; });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1) << "the callback went with the token";
  registration.Reset();
  // And is good for another one.
  const CancelToken next;
  registration = next.OnCancel([held] { ++*held; });
  next.Cancel();
  EXPECT_EQ(*held, 1);
}

}  // namespace
}  // namespace gatehouse::base
