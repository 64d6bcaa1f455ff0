#include "service/retention/retention_worker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"

namespace gatehouse::service {
namespace {

constexpr char kName[] = "retention";
constexpr std::chrono::minutes kPause{5};
// Whoever asked for a purge is told that it takes minutes.
constexpr std::chrono::minutes kShortPause{1};
// A first look at a table that has grown for years takes long, and goes on the next time.
constexpr std::chrono::minutes kPolicyTimeout{2};
constexpr std::chrono::minutes kTurnTimeout{20};
// What goes by days, and what has to be walked through.
constexpr std::chrono::minutes kSlowPause{60};

std::chrono::minutes PauseOf(RetentionPolicy policy) {
  switch (policy) {
    case RetentionPolicy::kEvents:
    case RetentionPolicy::kAttempts:
    case RetentionPolicy::kEndedSessions:
    case RetentionPolicy::kMessages:
      return kSlowPause;
    case RetentionPolicy::kDeletedUsers:
      return kShortPause;
    default:
      return kPause;
  }
}

size_t At(RetentionPolicy policy) { return static_cast<size_t>(policy); }

}  // namespace

RetentionWorker::RetentionWorker(base::Loop& loop, RetentionSweeper::Deps deps,
                                 RetentionPeriods periods)
    : clock_(deps.clock),
      sweeper_(deps, periods),
      turns_(loop, {.name = kName, .pause = kShortPause, .turn_timeout = kTurnTimeout},
             [this](base::CallContext ctx) { return RunOnce(std::move(ctx)); }) {}

base::Task<absl::Status> RetentionWorker::RunOnce(base::CallContext ctx) {
  absl::Status problem;
  for (const RetentionPolicy policy : kRetentionPolicies) {
    if (!rests_[At(policy)].IsOver(clock_.Now())) continue;
    const auto left = std::min<std::chrono::steady_clock::duration>(
        ctx.deadline() - std::chrono::steady_clock::now(), kPolicyTimeout);
    const absl::Status status =
        co_await Sweep(base::SystemContext(ctx.loop(), kName, left, ctx.cancel()), policy);
    if (ctx.cancel().cancelled()) break;
    if (!status.ok()) {
      base::LogLine(
          base::LogLevel::kWarning, "retention: a policy could not be followed",
          {{"policy", std::string(NameOf(policy))}, {"error", std::string(status.message())}});
    }
    problem.Update(status);
  }
  co_return problem;
}

base::Task<absl::Status> RetentionWorker::Sweep(base::CallContext ctx, RetentionPolicy policy) {
  const absl::StatusOr<RetentionSweep> swept = co_await sweeper_.Run(std::move(ctx), policy);
  const base::Time now = clock_.Now();
  // What is not through, or failed, does not wait for long.
  const bool soon = !swept.ok() || swept->unfinished;
  rests_[At(policy)] = base::Pause(now, soon ? std::min(kPause, PauseOf(policy)) : PauseOf(policy));
  Note(policy, swept, now);
  co_return swept.status();
}

void RetentionWorker::Note(RetentionPolicy policy, const absl::StatusOr<RetentionSweep>& swept,
                           base::Time now) {
  const base::MutexLock lock(mutex_);
  RetentionStats& stats = stats_[At(policy)];
  if (!swept.ok()) {
    ++stats.failures;
    return;
  }
  stats.rows_dropped += swept->rows;
  stats.partitions_dropped += static_cast<int64_t>(swept->partitions.size());
  stats.last_run = now;
  stats.oldest_kept = swept->oldest_kept;
  stats.held_logs = static_cast<int64_t>(swept->held.size());
}

RetentionStats RetentionWorker::stats(RetentionPolicy policy) const {
  const base::MutexLock lock(mutex_);
  return stats_[At(policy)];
}

}  // namespace gatehouse::service
