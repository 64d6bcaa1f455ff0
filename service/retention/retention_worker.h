#ifndef GATEHOUSE_SERVICE_RETENTION_RETENTION_WORKER_H_
#define GATEHOUSE_SERVICE_RETENTION_RETENTION_WORKER_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/pause.h"
#include "base/time.h"
#include "base/worker.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"
#include "service/worker/periodic_worker.h"

namespace gatehouse::service {

// What became of one policy on this instance, since its start.
struct RetentionStats {
  int64_t rows_dropped = 0;
  int64_t partitions_dropped = 0;
  int64_t failures = 0;
  // Of the last sweep that succeeded.
  std::optional<base::Time> last_run;
  std::optional<base::Time> oldest_kept;
  // Logs that are kept beyond their time; ten at most are counted.
  int64_t held_logs = 0;
};

// Sweeps by the policies, now and then: deleted users every minute, what an index finds every few,
// tables of days and what has to be walked through every hour. One policy that fails holds up no
// other.
class RetentionWorker final : public base::Worker {
 public:
  // All it is given outlives it.
  RetentionWorker(base::Loop& loop, RetentionSweeper::Deps deps, RetentionPeriods periods);

  void Start() override { turns_.Start(); }
  void Stop(std::chrono::milliseconds grace) override { turns_.Stop(grace); }

  // One turn by hand: every policy that is due by the clock. Not while started. Loop thread.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // From any thread.
  RetentionStats stats(RetentionPolicy policy) const;

 private:
  base::Task<absl::Status> Sweep(base::CallContext ctx, RetentionPolicy policy);
  void Note(RetentionPolicy policy, const absl::StatusOr<RetentionSweep>& swept, base::Time now);

  const base::Clock& clock_;
  RetentionSweeper sweeper_;
  // Until each is due again. Loop thread.
  std::array<base::Pause, kRetentionPolicies.size()> rests_ = {};
  mutable base::Mutex mutex_;
  std::array<RetentionStats, kRetentionPolicies.size()> stats_ GH_GUARDED_BY(mutex_);
  PeriodicWorker turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_RETENTION_RETENTION_WORKER_H_
