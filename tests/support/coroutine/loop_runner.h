#ifndef GATEHOUSE_TESTS_SUPPORT_COROUTINE_LOOP_RUNNER_H_
#define GATEHOUSE_TESTS_SUPPORT_COROUTINE_LOOP_RUNNER_H_

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "gtest/gtest.h"

namespace gatehouse::tests {

// A Loop for a test, with a way to run a coroutine on it from the test's thread.
class LoopRunner {
 public:
  LoopRunner()
      : loop_("test"), group_(std::make_unique<base::TaskGroup>(loop_, [](const std::string& what) {
          ADD_FAILURE() << "exception in a coroutine: " << what;
        })) {
    loop_.Start();
  }
  ~LoopRunner() {
    group_->StopAndJoin();
    group_.reset();
    loop_.Stop();
  }

  base::Loop& loop() { return loop_; }
  base::CallContext Context(base::CallContext::Options options = {}) {
    return base::CallContext(loop_, std::move(options));
  }

  // Starts what `make` returns on the loop; the future gets its result. `make` runs on
  // the loop and is an ordinary function that calls a coroutine.
  template <typename T>
  std::future<T> Start(std::function<base::Task<T>()> make) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    loop_.Post(
        [this, make = std::move(make), promise] { group_->Spawn(Deliver(make(), promise)); });
    return future;
  }

  template <typename T>
  T Run(std::function<base::Task<T>()> make) {
    return Start<T>(std::move(make)).get();
  }

  // Runs `fn` on the loop and waits for it.
  void RunPlain(std::function<void()> fn) {
    std::promise<void> done;
    loop_.Post([&] {
      fn();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  template <typename T>
  static base::Task<void> Deliver(base::Task<T> task, std::shared_ptr<std::promise<T>> promise) {
    T value = co_await std::move(task);
    promise->set_value(std::move(value));
  }

  base::Loop loop_;
  std::unique_ptr<base::TaskGroup> group_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_COROUTINE_LOOP_RUNNER_H_
