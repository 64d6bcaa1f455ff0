#include "service/event_log/partition_worker.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "base/system_context.h"

namespace gatehouse::service {
namespace {

// A server that could not do its maintenance over a long weekend still writes
// to daily partitions.
constexpr int kDaysAhead = 3;
// Far more often than once a day, since a run that finds nothing to do is cheap
// and a missed one is not.
constexpr std::chrono::hours kInterval{1};
constexpr std::chrono::minutes kRetry{1};
constexpr std::chrono::minutes kTimeout{1};

}  // namespace

PartitionWorker::PartitionWorker(base::Loop& loop, storage::DailyPartitions& partitions,
                                 const base::Clock& clock)
    : loop_(loop),
      partitions_(partitions),
      clock_(clock),
      tasks_(loop, [](const std::string& what) {
        base::Log(base::LogLevel::kError, "exception in the partition worker", {{"error", what}});
      }) {}

PartitionWorker::~PartitionWorker() { Stop(); }

void PartitionWorker::Start() {
  started_ = true;
  loop_.Post([this] { tasks_.Spawn(Run()); });
}

void PartitionWorker::Stop() {
  if (std::exchange(started_, false)) tasks_.StopAndJoin();
}

base::CallContext PartitionWorker::Context() const {
  return base::SystemContext(loop_, "partition_worker", kTimeout, tasks_.cancel());
}

base::Task<absl::StatusOr<int>> PartitionWorker::CreateAhead() {
  return partitions_.CreateAhead(Context(), clock_.Now(), kDaysAhead);
}

base::Task<absl::StatusOr<int>> PartitionWorker::RunOnce() {
  GH_CO_ASSIGN_OR_RETURN(const int created, co_await CreateAhead());
  GH_CO_ASSIGN_OR_RETURN(const int sealed, co_await partitions_.SealPast(Context(), clock_.Now()));
  co_return created + sealed;
}

base::Task<void> PartitionWorker::Run() {
  bool go_on = true;
  while (go_on) {
    const absl::StatusOr<int> kept = co_await RunOnce();
    if (!kept.ok() && !tasks_.cancel().cancelled()) {
      base::Log(base::LogLevel::kWarning, "cannot keep daily partitions",
                {{"error", kept.status().ToString()}});
    }
    const base::SteadyTime next =
        std::chrono::steady_clock::now() +
        (kept.ok() ? std::chrono::duration_cast<std::chrono::minutes>(kInterval) : kRetry);
    go_on = co_await loop_.SleepUntil(next, tasks_.cancel());
  }
}

}  // namespace gatehouse::service
