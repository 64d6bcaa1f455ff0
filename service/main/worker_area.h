#ifndef GATEHOUSE_SERVICE_MAIN_WORKER_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_WORKER_AREA_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/loop.h"
#include "base/task_group.h"
#include "base/time.h"
#include "service/config/config.h"
#include "service/main/auth_area.h"
#include "service/main/storage_area.h"
#include "service/workers/log/partition_worker.h"
#include "service/workers/log/sequencer_worker.h"
#include "service/workers/periodic_worker.h"
#include "service/workers/revocation_follower.h"
#include "storage/postgres/log_listener.h"

namespace gatehouse::service {

// What runs without being called. All of it on one loop.
class WorkerArea {
 public:
  // Blocks until the first partitions are there and the position in the log is
  // known; both must be so before the first call.
  static absl::StatusOr<std::unique_ptr<WorkerArea>> Start(const config::Config& config,
                                                           base::Loop& loop, StorageArea& storage,
                                                           AuthArea& auth,
                                                           const base::Clock& clock);
  ~WorkerArea();

  // Idempotent.
  void Stop();

 private:
  WorkerArea(const config::Config& config, base::Loop& loop, StorageArea& storage, AuthArea& auth,
             const base::Clock& clock);

  base::Task<absl::Status> Prepare();

  base::Loop& loop_;
  PartitionWorker partitions_;
  SequencerWorker sequencer_;
  // Behind PgBouncer in transaction mode nobody can listen; then everybody polls.
  storage::postgres::LogListener listener_;
  RevocationFollower revocations_;
  std::vector<std::unique_ptr<PeriodicWorker>> periodic_;
  bool stopped_ = false;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_WORKER_AREA_H_
