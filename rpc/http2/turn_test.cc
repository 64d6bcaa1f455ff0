#include "rpc/http2/turn.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <string>
#include <utility>

#include "base/async/loop.h"

namespace gatehouse::rpc::http2 {
namespace {

class FunctionJob final : public Turn::Job {
 public:
  explicit FunctionJob(std::function<void()> run) : run_(std::move(run)) {}

 private:
  void RunJob() override { run_(); }

  std::function<void()> run_;
};

class TurnTest : public ::testing::Test {
 protected:
  // Everything that can be done without waiting.
  void RunLoop() { loop_.io().poll(); }

  // Never started: the test is its thread.
  base::Loop loop_{"turn"};
  Turn turn_{loop_};
};

TEST_F(TurnTest, RunsEventsBeforeOutputOnceEach) {
  std::string order;
  FunctionJob output([&] { order += "o"; });
  FunctionJob event([&] { order += "e"; });
  {
    const Turn::Scope scope(turn_);
    turn_.AddOutput(output);
    turn_.AddEvent(event);
    turn_.AddEvent(event);
    EXPECT_EQ(order, "");
  }
  EXPECT_EQ(order, "eo");
  turn_.AddOutput(output);
  RunLoop();
  EXPECT_EQ(order, "eoo");
}

TEST_F(TurnTest, WorkWithoutEndLeavesTheLoopToOthers) {
  bool stop = false;
  FunctionJob* again = nullptr;
  FunctionJob endless([&] {
    if (!stop) turn_.AddEvent(*again);
  });
  again = &endless;
  turn_.AddEvent(endless);
  loop_.Post([&] { stop = true; });
  // Would not return.
  RunLoop();
  EXPECT_TRUE(stop);
}

TEST_F(TurnTest, WhatComesInGoesBeforeWhatIsLeft) {
  int left = 0;
  FunctionJob* again = nullptr;
  FunctionJob endless([&] {
    if (left++ >= 0) turn_.AddEvent(*again);
  });
  again = &endless;
  {
    const Turn::Scope scope(turn_);
    turn_.AddEvent(endless);
  }
  const int before = left;
  int seen = -1;
  FunctionJob fresh([&] { seen = left; });
  {
    const Turn::Scope scope(turn_);
    turn_.AddEvent(fresh);
  }
  EXPECT_EQ(seen, before);
  // So that it ends.
  left = -1;
  RunLoop();
}

TEST_F(TurnTest, DoesNotRunWhatWasRemoved) {
  FunctionJob* again = nullptr;
  int left = 0;
  FunctionJob endless([&] {
    if (left++ >= 0) turn_.AddEvent(*again);
  });
  again = &endless;
  {
    const Turn::Scope scope(turn_);
    turn_.AddEvent(endless);
  }
  turn_.Remove(endless);
  const int before = left;
  RunLoop();
  EXPECT_EQ(left, before);
}

}  // namespace
}  // namespace gatehouse::rpc::http2
