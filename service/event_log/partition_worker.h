#ifndef GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_
#define GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/task_group.h"
#include "base/time.h"
#include "storage/event_log/daily_partitions.h"

namespace gatehouse::service {

// Keeps daily partitions of events and webhook attempts ready, some days ahead, and seals
// the days of events that are over.
//
// Lifetime: within that of the loop, the partitions and the clock; Start() on
// any thread, Stop() or the destructor on one that is no loop.
class PartitionWorker {
 public:
  PartitionWorker(base::Loop& loop, storage::DailyPartitions& partitions, const base::Clock& clock);
  ~PartitionWorker();

  void Start();
  void Stop();

  // Creates what today needs, before the first call; how many partitions. Loop thread.
  base::Task<absl::StatusOr<int>> CreateAhead();

  // One run by hand; how many partitions it created and sealed. Not while started.
  // Loop thread.
  base::Task<absl::StatusOr<int>> RunOnce();

 private:
  base::CallContext Context() const;
  base::Task<void> Run();

  base::Loop& loop_;
  storage::DailyPartitions& partitions_;
  const base::Clock& clock_;
  bool started_ = false;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_EVENT_LOG_PARTITION_WORKER_H_
