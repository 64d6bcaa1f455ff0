#include "storage/postgres/client/standby/standby.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace gatehouse::storage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// For a connection while none is up: the primary has one.
constexpr milliseconds kAcquireTimeout{100};
// Of a measurement: a standby that takes longer than this for it is none to wait for.
constexpr milliseconds kMeasureTimeout{1000};

// A copy of a cluster has the identifier of the original, until it is made anew.
constexpr Query kPosition{
    .name = "standby/position",
    .text =
        "SELECT system_identifier::text || '/' || current_database(), pg_is_in_recovery(), "
        "CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0') "
        "ELSE pg_current_wal_flush_lsn() END FROM pg_control_system()",
    .reads = true};

// A deadline that leaves as much time again to ask the primary.
base::SteadyTime HalfOf(base::SteadyTime deadline) {
  if (deadline == base::SteadyTime::max()) return deadline;
  const base::SteadyTime now = steady_clock::now();
  return now + (deadline - now) / 2;
}

base::CallContext Within(const base::CallContext& ctx, base::SteadyTime deadline) {
  return base::CallContext(ctx.loop(),
                           {.deadline = deadline, .method = ctx.method(), .cancel = ctx.cancel()});
}

}  // namespace

Standby::Standby(std::unique_ptr<Database> database, milliseconds max_lag,
                 std::function<void(std::string_view)> tell)
    : database_(std::move(database)), max_lag_(max_lag), tell_(std::move(tell)) {}

absl::StatusOr<std::unique_ptr<Standby>> Standby::Open(const DatabaseConfig& primary,
                                                       std::vector<base::Loop*> loops) {
  DatabaseConfig config = primary;
  config.dsn = std::exchange(config.standby_dsn, "");
  // One for measurements; reads go out as batches.
  config.batch_lanes_per_loop = std::exchange(config.lanes_per_loop, 1);
  config.acquire_timeout = std::min(config.acquire_timeout, kAcquireTimeout);
  config.on_announced = {};
  if (config.tell) {
    config.tell = [tell = std::move(config.tell)](std::string_view line) {
      tell("standby: " + std::string(line));
    };
  }
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(config, std::move(loops)));
  return std::unique_ptr<Standby>(
      new Standby(std::move(database), primary.standby_max_lag, config.tell));
}

absl::StatusOr<Standby::Position> Standby::Decode(const Rows& rows) {
  GH_ASSIGN_OR_RETURN(std::optional<Position> position, rows.DecodeOne([](RowView row) {
    return Position{.database = row.Get<std::string>(0),
                    .is_standby = row.Get<bool>(1),
                    .replayed = row.Get<int64_t>(2)};
  }));
  if (!position) return base::InternalError("a server that stands nowhere");
  return *std::move(position);
}

std::optional<Standby::Refusal> Standby::Judge(const Position& position) const {
  // Promoted, or the primary itself: what it writes from now on says nothing of the primary.
  if (!position.is_standby || position.database != primary_) return Refusal::kAway;
  const std::optional<int64_t> needed = history_.NeededFor(steady_clock::now(), max_lag_);
  if (!needed || position.replayed < *needed) return Refusal::kBehind;
  return std::nullopt;
}

base::Task<absl::Status> Standby::Measure(base::CallContext ctx, Database& primary) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await primary.Query(ctx, kPosition, Params()));
  GH_CO_ASSIGN_OR_RETURN(const Position here, Decode(rows));
  {
    const base::MutexLock lock(mutex_);
    primary_ = here.database;
    // Before its promotion a primary is behind another, and by how much is not known.
    if (!here.is_standby) history_.Add(steady_clock::now(), here.replayed);
  }
  const base::SteadyTime deadline = std::min(ctx.deadline(), steady_clock::now() + kMeasureTimeout);
  const absl::StatusOr<Rows> found =
      co_await database_->Query(Within(ctx, deadline), kPosition, Params());
  const absl::StatusOr<Position> there = found.ok() ? Decode(*found) : found.status();
  if (!there.ok()) {
    Note(Refusal::kAway);
    co_return absl::OkStatus();
  }
  std::optional<Refusal> refusal;
  {
    const base::MutexLock lock(mutex_);
    stats_.lag = history_.LagOf(there->replayed, steady_clock::now());
    refusal = Judge(*there);
  }
  Note(refusal);
  co_return absl::OkStatus();
}

void Standby::Note(std::optional<Refusal> found) {
  {
    const base::MutexLock lock(mutex_);
    if (std::exchange(stats_.usable, !found) == !found) return;
  }
  if (!tell_) return;
  if (!found) {
    tell_("answers reads that may lag");
  } else if (*found == Refusal::kBehind) {
    tell_("too far behind; the primary answers reads that may lag");
  } else {
    tell_("not there, or no standby of this database; the primary answers reads that may lag");
  }
}

std::optional<Rows> Standby::Refused(Refusal refusal) {
  const base::MutexLock lock(mutex_);
  switch (refusal) {
    case Refusal::kAway:
      ++stats_.away;
      break;
    case Refusal::kBehind:
      ++stats_.behind;
      break;
    case Refusal::kFailed:
      ++stats_.failed;
      break;
  }
  return std::nullopt;
}

base::Task<std::optional<Rows>> Standby::Query(base::CallContext ctx, postgres::Query query,
                                               Params params) {
  if (!stats().usable) co_return Refused(Refusal::kAway);
  Batch batch;
  batch.Add(kPosition).Add(query, std::move(params));
  const absl::StatusOr<std::vector<Rows>> answer =
      co_await database_->Run(Within(ctx, HalfOf(ctx.deadline())), std::move(batch));
  if (!answer.ok()) {
    // The next measurement takes it in again. One that hangs is found by it as well: how long this
    // call had says nothing of the standby.
    if (absl::IsUnavailable(answer.status())) Note(Refusal::kAway);
    co_return Refused(Refusal::kFailed);
  }
  const absl::StatusOr<Position> position = Decode(answer->front());
  if (!position.ok()) co_return Refused(Refusal::kFailed);
  std::optional<Refusal> refusal;
  {
    const base::MutexLock lock(mutex_);
    refusal = Judge(*position);
    if (!refusal) ++stats_.answered;
  }
  if (refusal) {
    Note(refusal);
    co_return Refused(*refusal);
  }
  co_return answer->back();
}

StandbyStats Standby::stats() const {
  const base::MutexLock lock(mutex_);
  return stats_;
}

}  // namespace gatehouse::storage::postgres
