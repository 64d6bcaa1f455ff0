#include "base/async/task_group.h"

#include <coroutine>
#include <exception>
#include <future>
#include <utility>

#include "base/recycled_memory.h"

namespace gatehouse::base {
namespace {

// A coroutine that runs at once and frees itself at its end.
struct Detached {
  struct promise_type : Recycled {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace

struct TaskGroup::State {
  Loop& loop;
  std::function<void(const std::string&)> on_exception;
  CancelToken cancel;
  size_t running = 0;
  bool stopping = false;
  std::promise<void> drained;

  void OnEnd() {
    if (--running == 0 && stopping) drained.set_value();
  }

  static Detached Run(std::shared_ptr<State> state, Task<void> task) {
    try {
      // Moved here so that the frame and all it holds is gone before OnEnd lets
      // the owner go on.
      Task<void> owned = std::move(task);
      co_await std::move(owned);
    } catch (const std::exception& error) {
      state->on_exception(error.what());
    } catch (...) {
      state->on_exception("not a std::exception");
    }
    state->OnEnd();
  }
};

TaskGroup::TaskGroup(Loop& loop, std::function<void(const std::string&)> on_exception)
    : state_(new State{.loop = loop, .on_exception = std::move(on_exception)}) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::Spawn(Task<void> task) {
  if (state_->stopping) return;
  ++state_->running;
  State::Run(state_, std::move(task));
}

const CancelToken& TaskGroup::cancel() const { return state_->cancel; }

size_t TaskGroup::running() const { return state_->running; }

void TaskGroup::StopAndJoin() {
  std::future<void> drained = state_->drained.get_future();
  state_->loop.Post([state = state_] {
    state->stopping = true;
    if (state->running == 0) {
      state->drained.set_value();
      return;
    }
    state->cancel.Cancel();
  });
  drained.wait();
}

}  // namespace gatehouse::base
