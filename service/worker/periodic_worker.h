#ifndef GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_
#define GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/task_group.h"

namespace gatehouse::service {

// Does one piece of work now and then, for as long as the server runs. An error
// is logged; the next turn tries again.
//
// Lifetime: within that of the loop and of what `work` uses; Stop or the
// destructor on a thread that is no loop.
class PeriodicWorker {
 public:
  using Work = std::function<base::Task<absl::Status>(base::CallContext)>;

  // Starts at once with a pause: what must be done before serving is done by
  // whoever starts the server.
  PeriodicWorker(base::Loop& loop, std::string name, std::chrono::milliseconds pause, Work work);
  ~PeriodicWorker();

  void Stop();

 private:
  base::Task<void> Run();

  base::Loop& loop_;
  const std::string name_;
  const std::chrono::milliseconds pause_;
  const Work work_;
  bool stopped_ = false;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_
