#ifndef GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_
#define GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_

#include <chrono>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/worker.h"
#include "service/worker/periodic_worker.h"
#include "storage/event_log/daily_partitions.h"

namespace gatehouse::service {

// Keeps daily partitions of events and webhook attempts ready, some days ahead, and seals
// the days of events that are over.
class PartitionWorker final : public base::Worker {
 public:
  // All it is given outlives it.
  PartitionWorker(base::Loop& loop, storage::DailyPartitions& partitions, const base::Clock& clock);

  void Start() override { turns_.Start(); }
  void Stop(std::chrono::milliseconds grace) override { turns_.Stop(grace); }

  // Creates what today needs, before the first call; how many partitions. Loop thread.
  base::Task<absl::StatusOr<int>> CreateAhead(base::CallContext ctx);

  // One turn by hand; how many partitions it created and sealed. Not while started.
  // Loop thread.
  base::Task<absl::StatusOr<int>> RunOnce(base::CallContext ctx);

 private:
  base::Task<absl::Status> Turn(base::CallContext ctx);

  storage::DailyPartitions& partitions_;
  const base::Clock& clock_;
  PeriodicWorker turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_
