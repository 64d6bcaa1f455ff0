#include "service/workers/log/partition_worker.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "base/log.h"
#include "base/principal.h"

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

base::Task<absl::StatusOr<int>> PartitionWorker::RunOnce() {
  const base::CallContext ctx(
      loop_, {.deadline = std::chrono::steady_clock::now() + kTimeout,
              .principal = {.kind = base::Principal::Kind::kSystem, .name = "partition_worker"},
              .method = "daily_partitions/create",
              .cancel = tasks_.cancel()});
  absl::StatusOr<int> created = co_await partitions_.CreateAhead(ctx, clock_.Now(), kDaysAhead);
  co_return created;
}

base::Task<void> PartitionWorker::Run() {
  bool go_on = true;
  while (go_on) {
    const absl::StatusOr<int> created = co_await RunOnce();
    if (!created.ok() && !tasks_.cancel().cancelled()) {
      base::Log(base::LogLevel::kWarning, "cannot create daily partitions",
                {{"error", created.status().ToString()}});
    }
    const base::SteadyTime next =
        std::chrono::steady_clock::now() +
        (created.ok() ? std::chrono::duration_cast<std::chrono::minutes>(kInterval) : kRetry);
    go_on = co_await loop_.SleepUntil(next, tasks_.cancel());
  }
}

}  // namespace gatehouse::service
