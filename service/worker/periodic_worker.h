#ifndef GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_
#define GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "base/worker.h"

namespace gatehouse::service {

// Does one piece of work now and then, for as long as the server runs. An error is logged; the
// next turn tries again. A stop cancels the turn under way.
class PeriodicWorker final : public base::Worker {
 public:
  struct Options {
    // In log lines and as the actor of events.
    std::string name;
    // From the end of a turn to the next.
    std::chrono::milliseconds pause;
    // What is waited for in the place of `pause`, if given; ends soon once the token has fired,
    // and never without a suspension: the loop is others' as well.
    std::function<base::Task<void>(base::CancelToken)> rest = {};
    // After a turn that failed; `pause` if there is none.
    std::optional<std::chrono::milliseconds> pause_after_failure = {};
    // Begins with a turn instead of a pause.
    bool at_once = false;
    // Of one turn.
    std::chrono::milliseconds turn_timeout{30'000};
  };
  // One turn.
  using Work = std::function<base::Task<absl::Status>(base::CallContext)>;

  // All that `work` uses outlives this.
  PeriodicWorker(base::Loop& loop, Options options, Work work);
  ~PeriodicWorker() override;

  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;

 private:
  base::Task<void> Run();
  // False if it is to stop.
  base::Task<bool> Rest(bool failed);

  base::Loop& loop_;
  const Options options_;
  const Work work_;
  bool started_ = false;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WORKER_PERIODIC_WORKER_H_
