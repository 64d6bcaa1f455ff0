#ifndef GATEHOUSE_BASE_ASYNC_TASK_H_
#define GATEHOUSE_BASE_ASYNC_TASK_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/recycled_memory.h"

namespace gatehouse::base {

template <typename T>
class Task;

namespace task_internal {

// Resumes whoever awaited the task; symmetric transfer keeps the stack flat
// however long the chain of completed awaits is.
struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    std::coroutine_handle<> next = self.promise().continuation;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

// The frame of a coroutine is made of what its promise says.
struct PromiseBase : Recycled {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() {
    if (exception) std::rethrow_exception(exception);
    return *std::move(value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void Take() const {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace task_internal

// A lazy coroutine that yields one T, usually absl::Status or
// absl::StatusOr<X>. It starts when awaited and resumes its awaiter on the
// thread that completes it, which for everything in a call is the call's Loop.
//
// Lifetime: the Task object owns the coroutine frame; destroying it before it
// completes destroys the frame, so a Task must not be dropped while something
// still holds a handle to resume it. Owners of detached work use TaskGroup.
//
// Parameters of a coroutine are taken by value: a reference may be gone after
// the first suspension. For the same reason a coroutine is never a capturing
// lambda.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() { return handle.promise().Take(); }
    };
    return Awaiter{handle_};
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

namespace task_internal {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace task_internal
}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_TASK_H_
