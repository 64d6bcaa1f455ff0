#ifndef GATEHOUSE_BASE_WORKER_H_
#define GATEHOUSE_BASE_WORKER_H_

#include <chrono>

namespace gatehouse::base {

// What runs by itself, from Start to Stop. It is here because workers stand beside what they work
// for, in service/ and in storage/, and no other folder is open to both.
//
// Lifetime: within that of whatever it uses.
class Worker {
 public:
  virtual ~Worker() = default;

  // Once, from any thread. Returns at once; an error is the worker's own to report and to try
  // again.
  virtual void Start() = 0;

  // Returns when nothing of it runs any more. Within `grace` what is under way may end; a worker
  // that can be interrupted anywhere takes none of it. Idempotent, and does nothing before Start.
  // Not from the thread of its loop, which it waits for.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_WORKER_H_
