#ifndef GATEHOUSE_BASE_ASYNC_CANCEL_H_
#define GATEHOUSE_BASE_ASYNC_CANCEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/recycled_memory.h"

namespace gatehouse::base {

// What copies of one CancelToken share.
struct CancelState {
  bool cancelled = false;
  uint64_t next_id = 1;
  std::map<uint64_t, std::function<void()>> callbacks;
};

// Tells the parts of one call that nobody waits for it any more.
//
// Copies share one state. Thread: all calls on the call's Loop.
class CancelToken {
 public:
  // Keeps a callback registered; destroying it unregisters. Safe to destroy
  // from inside the callback.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) noexcept {
      Reset();
      state_ = std::move(other.state_);
      id_ = other.id_;
      return *this;
    }
    ~Registration() { Reset(); }

    void Reset() {
      if (auto state = state_.lock()) state->callbacks.erase(id_);
      state_.reset();
    }

   private:
    friend class CancelToken;
    std::weak_ptr<CancelState> state_;
    uint64_t id_ = 0;
  };

  CancelToken();

  bool cancelled() const;

  // Runs every registered callback once, in order of registration. Later calls
  // do nothing.
  void Cancel() const;

  // Calls `callback` when cancelled; at once if that already happened.
  [[nodiscard]] Registration OnCancel(std::function<void()> callback) const;

 private:
  std::shared_ptr<CancelState> state_;
};

inline CancelToken::CancelToken()
    : state_(std::allocate_shared<CancelState>(RecyclingAllocator<CancelState>())) {}

inline bool CancelToken::cancelled() const { return state_->cancelled; }

inline void CancelToken::Cancel() const {
  std::shared_ptr<CancelState> state = state_;
  if (state->cancelled) return;
  state->cancelled = true;
  // A callback may unregister others, so take them one at a time.
  while (!state->callbacks.empty()) {
    auto node = state->callbacks.extract(state->callbacks.begin());
    node.mapped()();
  }
}

inline CancelToken::Registration CancelToken::OnCancel(std::function<void()> callback) const {
  Registration registration;
  if (state_->cancelled) {
    callback();
    return registration;
  }
  registration.state_ = state_;
  registration.id_ = state_->next_id++;
  state_->callbacks.emplace(registration.id_, std::move(callback));
  return registration;
}

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_CANCEL_H_
