#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CANCELLER_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CANCELLER_H_

#include <chrono>
#include <functional>
#include <memory>

#include "base/async/loop.h"
#include "base/async/mutex.h"
#include "base/async/worker_pool.h"

struct pg_cancel;

namespace gatehouse::storage::postgres {

// Sends cancel requests. libpq 15 can only do so by blocking on a connection of
// its own (in clear text, whatever the sslmode; it holds no secret but the key of
// this one session), so they go to a thread of their own and are limited: under
// overload they would otherwise add a connection per call to a server that
// already does too much.
//
// A server that hangs takes a request and never answers, and nothing can make
// libpq give up then: the destructor leaves such a request behind with its thread.
//
// Thread-safe.
class Canceller {
 public:
  Canceller();
  // Requests that are still to go out get a moment. Nothing is posted any more when it
  // returns, so that the loops may go.
  ~Canceller();

  // Sends a request for `target`; `done` runs on `loop` when Postgres has passed
  // the signal on or could not be reached. False, and nothing happens, when the
  // limit is reached: ask again later.
  bool TryCancel(std::shared_ptr<pg_cancel> target, base::Loop& loop, std::function<void()> done);

 private:
  // Closed before the loops go; shared with requests that may outlive the Canceller.
  struct Gate {
    base::Mutex mutex;
    bool closed GH_GUARDED_BY(mutex) = false;
  };

  bool TakeToken() GH_EXCLUDES(mutex_);

  base::Mutex mutex_;
  double tokens_ GH_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point refilled_ GH_GUARDED_BY(mutex_);
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  base::WorkerPool pool_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CANCELLER_H_
