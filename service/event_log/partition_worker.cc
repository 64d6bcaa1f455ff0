#include "service/event_log/partition_worker.h"

#include <utility>

#include "base/status.h"

namespace gatehouse::service {
namespace {

// A server that could not do its maintenance over a long weekend still writes
// to daily partitions.
constexpr int kDaysAhead = 3;
// Far more often than once a day, since a turn that finds nothing to do is cheap
// and a missed one is not.
constexpr std::chrono::hours kPause{1};
constexpr std::chrono::minutes kPauseAfterFailure{1};
// Of a turn: creating and sealing.
constexpr std::chrono::minutes kTimeout{2};

}  // namespace

PartitionWorker::PartitionWorker(base::Loop& loop, storage::DailyPartitions& partitions,
                                 const base::Clock& clock)
    : partitions_(partitions),
      clock_(clock),
      turns_(loop,
             {.name = "partition_worker",
              .pause = kPause,
              .pause_after_failure = kPauseAfterFailure,
              .at_once = true,
              .turn_timeout = kTimeout},
             [this](base::CallContext ctx) { return Turn(std::move(ctx)); }) {}

base::Task<absl::StatusOr<int>> PartitionWorker::CreateAhead(base::CallContext ctx) {
  return partitions_.CreateAhead(std::move(ctx), clock_.Now(), kDaysAhead);
}

base::Task<absl::StatusOr<int>> PartitionWorker::RunOnce(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const int created, co_await CreateAhead(ctx));
  GH_CO_ASSIGN_OR_RETURN(const int sealed, co_await partitions_.SealPast(ctx, clock_.Now()));
  co_return created + sealed;
}

base::Task<absl::Status> PartitionWorker::Turn(base::CallContext ctx) {
  const absl::StatusOr<int> kept = co_await RunOnce(std::move(ctx));
  co_return kept.status();
}

}  // namespace gatehouse::service
