#ifndef GATEHOUSE_STORAGE_LOG_SIGNAL_H_
#define GATEHOUSE_STORAGE_LOG_SIGNAL_H_

#include <atomic>
#include <functional>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::storage {

// Tells the sequencer of this process that events were committed: whoever
// commits some calls Notify() afterwards. Costs one atomic exchange when the
// sequencer knows already, so nobody needs to be sparing with it. A lost or
// forgotten call delays an event until the next poll and loses nothing.
//
// Thread-safe. Outlives the writers and the sequencer's worker.
class LogSignal {
 public:
  void Notify() {
    if (pending_.exchange(true)) return;
    base::MutexLock lock(mutex_);
    if (wake_) wake_();
  }

  bool IsPending() const { return pending_.load(); }

  // Whether there was a Notify() since the last call.
  bool TakePending() { return pending_.exchange(false); }

  // `wake` is called at the first Notify() after each TakePending(), on the
  // notifying thread: it posts to a loop. {} unsets it; after that it is no
  // longer running on any thread.
  void SetWake(std::function<void()> wake) {
    base::MutexLock lock(mutex_);
    wake_ = std::move(wake);
  }

 private:
  std::atomic<bool> pending_ = false;
  base::Mutex mutex_;
  std::function<void()> wake_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_LOG_SIGNAL_H_
