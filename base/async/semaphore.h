#ifndef GATEHOUSE_BASE_ASYNC_SEMAPHORE_H_
#define GATEHOUSE_BASE_ASYNC_SEMAPHORE_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"

namespace gatehouse::base {

// Lets a number of coroutines do something at a time; the others wait for their
// turn, first come, first served, whichever loop they run on.
//
// Thread: any. Cancellation: who is cancelled leaves the queue; a permit that was
// already on its way goes to the next. Permits may outlive the Semaphore.
class Semaphore {
 private:
  struct State;

 public:
  // The right to go on; destroying it passes it to whoever waits. On any thread.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&& other) noexcept {
      Release();
      state_ = std::move(other.state_);
      return *this;
    }
    ~Permit() { Release(); }

    // False if there was no turn: cancelled.
    explicit operator bool() const { return state_ != nullptr; }

   private:
    friend class Semaphore;
    explicit Permit(std::shared_ptr<State> state) : state_(std::move(state)) {}
    void Release();

    std::shared_ptr<State> state_;
  };

  explicit Semaphore(size_t permits);
  ~Semaphore();

  // On the thread of `loop`, where the coroutine goes on. An empty Permit once
  // `cancel` fired.
  Task<Permit> Acquire(Loop& loop, CancelToken cancel);

  // How many wait for a permit.
  size_t waiting() const;

 private:
  static Task<Permit> Acquire(std::shared_ptr<State> state, Loop& loop, CancelToken cancel);

  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_SEMAPHORE_H_
