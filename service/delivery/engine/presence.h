#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_PRESENCE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_PRESENCE_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/time.h"
#include "service/delivery/engine/engine_tasks.h"

namespace gatehouse::service::delivery {

// Whether others may take this instance for dead, and what that means for its leases.
//
// While a connection of its own lives (storage::LogListener), others see that the instance does.
// When that connection breaks they may end its leases, so none counts from then on until it is
// certain again what they think: the connection is back, or the instance has withdrawn, and is
// given up by time alone. What was leased or renewed before that moment must be renewed once
// more, which fails where somebody else was faster.
//
// An instance that was never seen goes by time from the start.
//
// Thread: the engine's loop.
class Presence {
 public:
  struct Deps {
    EngineTasks& tasks;
    // Sees to it that nobody takes the lock with this key for the instance's life any more.
    std::function<base::Task<absl::Status>(int64_t lock_key)> withdraw;
  };

  explicit Presence(Deps deps) : deps_(std::move(deps)) {}

  void OnSeen();
  // The connection that held this lock has broken.
  void OnUnseen(int64_t lock_key);

  bool certain() const { return certain_since_ != base::SteadyTime::max(); }
  // Whether a lease counts that was last taken or renewed by a statement begun then.
  bool Confirms(base::SteadyTime begun) const { return begun >= certain_since_; }

 private:
  base::Task<void> Withdraw(int64_t lock_key, uint64_t loss);

  Deps deps_;
  base::SteadyTime certain_since_ = base::SteadyTime::min();
  // How often it has been seen or lost: what a withdrawal waited for may be over.
  uint64_t changes_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_PRESENCE_H_
