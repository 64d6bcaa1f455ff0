#include "rpc/deadline_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <vector>

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;

class Recorder : public DeadlineQueue::Target {
 public:
  explicit Recorder(std::function<void()> fn) : fn_(std::move(fn)) {}
  void OnDeadline() override { fn_(); }

 private:
  std::function<void()> fn_;
};

class DeadlineQueueTest : public ::testing::Test {
 protected:
  DeadlineQueueTest() { loop_.Start(); }
  ~DeadlineQueueTest() override {
    Run([this] { queue_.Stop(); });
    loop_.Stop();
  }

  void Run(std::function<void()> fn) {
    std::promise<void> done;
    loop_.Post([&] {
      fn();
      done.set_value();
    });
    done.get_future().wait();
  }

  base::Loop loop_{"test"};
  DeadlineQueue queue_{loop_};
};

TEST_F(DeadlineQueueTest, TellsInOrderOfTimeNotOfAddition) {
  std::vector<int> order;
  std::promise<void> done;
  Recorder first([&] { order.push_back(1); });
  Recorder second([&] { order.push_back(2); });
  Recorder last([&] { done.set_value(); });
  Run([&] {
    const base::SteadyTime now = std::chrono::steady_clock::now();
    queue_.Add(now + milliseconds(20), &last);
    queue_.Add(now + milliseconds(10), &second);
    queue_.Add(now + milliseconds(5), &first);
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(DeadlineQueueTest, DoesNotTellWhatWasRemoved) {
  bool told = false;
  std::promise<void> done;
  Recorder removed([&] { told = true; });
  Recorder last([&] { done.set_value(); });
  Run([&] {
    const base::SteadyTime now = std::chrono::steady_clock::now();
    const DeadlineQueue::Handle handle = queue_.Add(now + milliseconds(5), &removed);
    queue_.Add(now + milliseconds(10), &last);
    queue_.Remove(handle);
  });
  done.get_future().wait();
  EXPECT_FALSE(told);
}

TEST_F(DeadlineQueueTest, TakesATargetThatAddsAnotherWhileTold) {
  std::promise<void> done;
  Recorder second([&] { done.set_value(); });
  Recorder first([&] { queue_.Add(std::chrono::steady_clock::now(), &second); });
  Run([&] { queue_.Add(std::chrono::steady_clock::now(), &first); });
  done.get_future().wait();
}

}  // namespace
}  // namespace gatehouse::rpc
