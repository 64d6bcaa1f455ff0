#include "base/async/semaphore.h"

#include <deque>

#include "base/async/mutex.h"
#include "base/async/one_shot.h"

namespace gatehouse::base {
namespace {

struct Waiter {
  Loop& loop;
  OneShot<bool> granted;
};

}  // namespace

struct Semaphore::State : std::enable_shared_from_this<State> {
  explicit State(size_t permits) : free(permits) {}

  // Null if a permit was free and is now taken.
  std::shared_ptr<Waiter> TakeOrQueue(Loop& loop) {
    MutexLock lock(mutex);
    if (free > 0) {
      --free;
      return nullptr;
    }
    queue.push_back(std::make_shared<Waiter>(Waiter{loop, {}}));
    return queue.back();
  }

  void Leave(const std::shared_ptr<Waiter>& waiter) {
    MutexLock lock(mutex);
    std::erase(queue, waiter);
  }

  void Release() {
    std::shared_ptr<Waiter> next;
    {
      MutexLock lock(mutex);
      if (queue.empty()) {
        ++free;
        return;
      }
      next = std::move(queue.front());
      queue.pop_front();
    }
    // Later, also on the same loop: each turn may end with the next one, and the
    // stack would hold them all. Whoever was cancelled meanwhile passes it on.
    next->loop.Post([self = shared_from_this(), next] {
      if (!next->granted.Set(true)) self->Release();
    });
  }

  mutable Mutex mutex;
  size_t free GH_GUARDED_BY(mutex);
  std::deque<std::shared_ptr<Waiter>> queue GH_GUARDED_BY(mutex);
};

void Semaphore::Permit::Release() {
  if (const std::shared_ptr<State> state = std::exchange(state_, nullptr)) state->Release();
}

Semaphore::Semaphore(size_t permits) : state_(std::make_shared<State>(permits)) {}
Semaphore::~Semaphore() = default;

Task<Semaphore::Permit> Semaphore::Acquire(Loop& loop, CancelToken cancel) {
  return Acquire(state_, loop, std::move(cancel));
}

Task<Semaphore::Permit> Semaphore::Acquire(std::shared_ptr<State> state, Loop& loop,
                                           CancelToken cancel) {
  if (cancel.cancelled()) co_return Permit();
  const std::shared_ptr<Waiter> waiter = state->TakeOrQueue(loop);
  if (waiter == nullptr) co_return Permit(std::move(state));
  const CancelToken::Registration on_cancel = cancel.OnCancel([state, waiter] {
    state->Leave(waiter);
    waiter->granted.Set(false);
  });
  if (!co_await waiter->granted) co_return Permit();
  co_return Permit(std::move(state));
}

size_t Semaphore::waiting() const {
  MutexLock lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace gatehouse::base
