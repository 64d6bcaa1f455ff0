#ifndef GATEHOUSE_BASE_ASYNC_ONE_SHOT_H_
#define GATEHOUSE_BASE_ASYNC_ONE_SHOT_H_

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace gatehouse::base {

// A value that is set once and awaited once: the seam between callbacks
// (sockets, timers, pools) and coroutines.
//
// Copies share one state, so a timer, a cancellation and the real result can
// each hold one and race: the first Set wins and returns true, later ones are
// ignored. Set resumes the awaiting coroutine inline.
//
// Thread: all calls on one Loop. Work from another thread reaches Set through
// Loop::Post.
template <typename T>
class OneShot {
 public:
  OneShot() : state_(std::make_shared<State>()) {}

  bool Set(T value) const {
    // The coroutine may drop the last other reference while it runs.
    std::shared_ptr<State> state = state_;
    if (state->value.has_value() || state->taken) return false;
    state->value.emplace(std::move(value));
    if (std::coroutine_handle<> waiter = std::exchange(state->waiter, nullptr)) waiter.resume();
    return true;
  }

  bool IsSet() const { return state_->value.has_value() || state_->taken; }

  auto operator co_await() const noexcept {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() const noexcept { return state->value.has_value(); }
      void await_suspend(std::coroutine_handle<> handle) noexcept { state->waiter = handle; }
      T await_resume() {
        state->taken = true;
        T value = *std::move(state->value);
        state->value.reset();
        return value;
      }
    };
    return Awaiter{state_};
  }

 private:
  struct State {
    std::optional<T> value;
    bool taken = false;
    std::coroutine_handle<> waiter;
  };

  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_ONE_SHOT_H_
