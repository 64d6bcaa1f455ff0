#ifndef GATEHOUSE_BASE_ASYNC_RUN_ON_LOOP_H_
#define GATEHOUSE_BASE_ASYNC_RUN_ON_LOOP_H_

#include <exception>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"

namespace gatehouse::base {

namespace run_on_loop_internal {

template <typename T>
Task<void> Deliver(Task<T> task, std::promise<T>* result) {
  try {
    result->set_value(co_await std::move(task));
  } catch (...) {
    result->set_exception(std::current_exception());
  }
}

}  // namespace run_on_loop_internal

// Runs the coroutine that `start` makes on `loop` and blocks until it ends. For
// the main thread: starting and stopping the server, command-line tools. Never
// on a loop's thread.
template <typename T>
T RunOnLoop(Loop& loop, std::function<Task<T>()> start) {
  std::promise<T> result;
  TaskGroup group(loop, [](const std::string&) {});
  loop.Post([&] { group.Spawn(run_on_loop_internal::Deliver(start(), &result)); });
  std::future<T> future = result.get_future();
  future.wait();
  group.StopAndJoin();
  return future.get();
}

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_RUN_ON_LOOP_H_
