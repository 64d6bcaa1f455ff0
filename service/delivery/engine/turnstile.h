#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_TURNSTILE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_TURNSTILE_H_

#include <deque>
#include <utility>

#include "base/async/one_shot.h"
#include "base/async/task.h"

namespace gatehouse::service::delivery {

// Lets one task through at a time, in the order in which they come.
//
// Thread: one loop's. Cancellation: none; who is inside ends soon, or is cancelled itself.
// Outlives its passes.
class Turnstile {
 public:
  // Destroying it lets the next task through, which runs at once to where it waits again.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (turnstile_ != nullptr) turnstile_->Leave();
    }

   private:
    friend class Turnstile;
    explicit Pass(Turnstile& turnstile) : turnstile_(&turnstile) {}

    Turnstile* turnstile_;
  };

  base::Task<Pass> Enter() {
    while (busy_) {
      const base::OneShot<bool> turn;
      waiting_.push_back(turn);
      co_await turn;
    }
    busy_ = true;
    co_return Pass(*this);
  }

  // Somebody is inside.
  bool busy() const { return busy_; }

 private:
  void Leave() {
    busy_ = false;
    if (waiting_.empty()) return;
    const base::OneShot<bool> next = waiting_.front();
    waiting_.pop_front();
    next.Set(true);
  }

  bool busy_ = false;
  std::deque<base::OneShot<bool>> waiting_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_TURNSTILE_H_
