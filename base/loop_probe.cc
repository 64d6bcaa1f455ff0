#include "base/loop_probe.h"

#include <optional>

#include "base/async/mutex.h"

namespace gatehouse::base {

// Shared with what was posted, which may run later than the probe lives.
struct LoopProbe::State {
  Mutex mutex;
  // When what has not run yet was posted.
  std::optional<SteadyTime> posted_at GH_GUARDED_BY(mutex);
};

LoopProbe::LoopProbe(Loop& loop, std::chrono::milliseconds patience)
    : loop_(loop), patience_(patience), state_(std::make_shared<State>()) {}

bool LoopProbe::Responds(SteadyTime now) {
  const MutexLock lock(state_->mutex);
  if (state_->posted_at) return now - *state_->posted_at < patience_;
  state_->posted_at = now;
  loop_.Post([state = state_] {
    const MutexLock lock(state->mutex);
    state->posted_at.reset();
  });
  return true;
}

}  // namespace gatehouse::base
