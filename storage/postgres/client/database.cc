#include "storage/postgres/client/database.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "base/status.h"
#include "storage/postgres/client/lanes/client_state.h"
#include "storage/postgres/client/lanes/connect_params.h"
#include "storage/postgres/client/lanes/exclusive_pool.h"
#include "storage/postgres/client/lanes/lane_set.h"
#include "storage/postgres/client/lanes/transaction_lease.h"
#include "storage/postgres/client/standby/standby.h"

namespace gatehouse::storage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long Close waits for what is in flight. Callers have ended by then, so
// this is for their rollbacks.
constexpr milliseconds kDrain{1000};
constexpr milliseconds kDrainPoll{2};

constexpr Query kBegin{"", "BEGIN"};
constexpr Query kSetTimeout{"", "SELECT set_config('statement_timeout', $1, true)"};
constexpr Query kPing{"", "SELECT 1"};

struct PerLoop {
  base::Loop* loop;
  std::shared_ptr<LaneSet> lanes;
  std::shared_ptr<LaneSet> batch_lanes;
  std::shared_ptr<ExclusivePool> exclusive;
};

// Ends the connections of one loop, then fulfils a promise.
struct Closer : std::enable_shared_from_this<Closer> {
  explicit Closer(PerLoop what) : loop(std::move(what)) {}

  void Begin() {
    loop.lanes->BeginClose();
    loop.batch_lanes->BeginClose();
    loop.exclusive->BeginClose();
    give_up = steady_clock::now() + kDrain;
    Poll();
  }
  void Poll() {
    const size_t in_flight =
        loop.lanes->in_flight() + loop.batch_lanes->in_flight() + loop.exclusive->in_flight();
    if (in_flight > 0 && steady_clock::now() < give_up) {
      timer = loop.loop->At(steady_clock::now() + kDrainPoll,
                            [self = shared_from_this()] { self->Poll(); });
      return;
    }
    loop.lanes->Close();
    loop.batch_lanes->Close();
    loop.exclusive->Close();
    // After the answers that Close has posted.
    loop.loop->Post([self = shared_from_this()] {
      self->timer.Reset();
      self->loop.lanes.reset();
      self->loop.batch_lanes.reset();
      self->loop.exclusive.reset();
      self->closed.set_value();
    });
  }

  PerLoop loop;
  base::SteadyTime give_up;
  base::Loop::Timer timer;
  std::promise<void> closed;
};

absl::Status CheckLimits(const DatabaseConfig& config) {
  const std::pair<const char*, int64_t> limits[] = {
      {"lanes_per_loop", config.lanes_per_loop},
      {"batch_lanes_per_loop", config.batch_lanes_per_loop},
      {"max_in_flight_per_lane", config.max_in_flight_per_lane},
      {"max_queued_per_loop", config.max_queued_per_loop},
      {"exclusive_per_loop", config.exclusive_per_loop},
      {"acquire_timeout", config.acquire_timeout.count()},
      {"connect_timeout", config.connect_timeout.count()},
      {"statement_timeout", config.statement_timeout.count()},
      {"min_backoff", config.min_backoff.count()},
      {"max_backoff", config.max_backoff.count()},
      {"standby_max_lag", config.standby_max_lag.count()},
  };
  for (const auto& [name, value] : limits) {
    if (value < 1) return base::InvalidField(name, "must be at least 1");
  }
  return absl::OkStatus();
}

// Postgres's own limit on a transaction's statements: what is left to the call,
// for the case that we are gone by then.
std::string TimeLeft(const base::CallContext& ctx, milliseconds cap) {
  milliseconds left = cap;
  if (ctx.deadline() != base::SteadyTime::max()) {
    left = std::chrono::ceil<milliseconds>(ctx.deadline() - steady_clock::now());
  }
  return std::to_string(std::clamp(left, milliseconds(1), cap).count());
}

}  // namespace

struct Database::Impl {
  std::shared_ptr<ClientState> state;
  std::vector<PerLoop> loops;
  // Null without one.
  std::unique_ptr<Standby> standby;
  bool closed = false;

  const PerLoop* Find(const base::Loop& loop) const {
    for (const PerLoop& candidate : loops) {
      if (candidate.loop == &loop) return &candidate;
    }
    return nullptr;
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() { Close(); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseConfig config,
                                                         std::vector<base::Loop*> loops) {
  GH_RETURN_IF_ERROR(CheckLimits(config));
  GH_ASSIGN_OR_RETURN(ConnectParams params, ConnectParams::Parse(config));
  auto impl = std::make_unique<Impl>();
  if (!config.standby_dsn.empty()) {
    GH_ASSIGN_OR_RETURN(impl->standby, Standby::Open(config, loops));
  }
  impl->state = std::make_shared<ClientState>(std::move(config), std::move(params));
  for (base::Loop* loop : loops) {
    const DatabaseConfig& settings = impl->state->config;
    PerLoop per_loop{
        .loop = loop,
        .lanes = std::make_shared<LaneSet>(impl->state, *loop, settings.lanes_per_loop),
        .batch_lanes = std::make_shared<LaneSet>(impl->state, *loop, settings.batch_lanes_per_loop),
        .exclusive = std::make_shared<ExclusivePool>(impl->state, *loop)};
    loop->Post([lanes = per_loop.lanes, batch_lanes = per_loop.batch_lanes] {
      lanes->Start();
      batch_lanes->Start();
    });
    impl->loops.push_back(std::move(per_loop));
  }
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

void Database::Close() {
  if (std::exchange(impl_->closed, true)) return;
  // At the same time, since each may take its second.
  const std::jthread other([this] {
    if (impl_->standby) impl_->standby->Close();
  });
  std::vector<std::shared_ptr<Closer>> closers;
  for (const PerLoop& loop : impl_->loops) {
    closers.push_back(std::make_shared<Closer>(loop));
    closers.back()->loop.loop->Post([closer = closers.back()] { closer->Begin(); });
  }
  for (const std::shared_ptr<Closer>& closer : closers) closer->closed.get_future().wait();
  impl_->state->canceller.reset();
}

base::Task<absl::StatusOr<std::vector<Rows>>> Database::Run(base::CallContext ctx, Batch batch) {
  const PerLoop* loop = impl_->Find(ctx.loop());
  if (loop == nullptr) co_return base::InternalError("a loop the Database does not serve");
  if (batch.empty()) co_return std::vector<Rows>();
  const bool announced = batch.announced();
  SegmentResult result = co_await LaneSet::Run(loop->batch_lanes, std::move(ctx), std::move(batch));
  const std::function<void()>& notify = impl_->state->config.on_announced;
  // Also after an error: a call that was cancelled may have been sent before, and a word
  // too many costs next to nothing.
  if (announced && notify) notify();
  co_return result;
}

base::Task<absl::StatusOr<Rows>> Database::Query(base::CallContext ctx, postgres::Query query,
                                                 Params params, Freshness freshness) {
  if (freshness == Freshness::kMayLag && impl_->standby) {
    std::optional<Rows> rows = co_await impl_->standby->Query(ctx, query, params);
    if (rows) co_return *std::move(rows);
  }
  const PerLoop* loop = impl_->Find(ctx.loop());
  if (loop == nullptr) co_return base::InternalError("a loop the Database does not serve");
  Batch batch;
  batch.Add(query, std::move(params));
  SegmentResult result = co_await LaneSet::Run(loop->lanes, std::move(ctx), std::move(batch));
  if (!result.ok()) co_return result.status();
  co_return std::move(result->front());
}

base::Task<absl::StatusOr<Transaction>> Database::Begin(base::CallContext ctx) {
  const PerLoop* loop = impl_->Find(ctx.loop());
  if (loop == nullptr) co_return base::InternalError("a loop the Database does not serve");
  const std::shared_ptr<ExclusivePool> pool = loop->exclusive;
  const milliseconds cap = impl_->state->config.statement_timeout;
  auto loan = co_await ExclusivePool::Acquire(pool, ctx);
  if (!loan.ok()) co_return loan.status();
  auto lease = std::make_unique<Transaction::Lease>(pool, ctx, *std::move(loan));
  Batch begin;
  begin.Add(kBegin).Add(kSetTimeout, Params::Of(TimeLeft(ctx, cap)));
  SegmentPtr segment = std::make_shared<Segment>(std::move(begin));
  const SegmentResult begun = co_await lease->Run(std::move(segment));
  if (!begun.ok()) co_return begun.status();
  co_return Transaction(std::move(lease));
}

base::Task<absl::Status> Database::Ping(base::CallContext ctx) {
  const absl::StatusOr<Rows> rows = co_await Query(std::move(ctx), kPing, Params());
  co_return rows.status();
}

base::Task<absl::Status> Database::MeasureStandby(base::CallContext ctx) {
  if (!impl_->standby) co_return absl::OkStatus();
  co_return co_await impl_->standby->Measure(std::move(ctx), *this);
}

const Database* Database::standby() const {
  return impl_->standby ? &impl_->standby->database() : nullptr;
}

StandbyStats Database::standby_stats() const {
  return impl_->standby ? impl_->standby->stats() : StandbyStats();
}

std::string Database::last_connect_error() const { return impl_->state->GetConnectError(); }

DatabaseStats Database::stats() const {
  const ClientState::Counters& counters = impl_->state->counters;
  return {.statements = counters.statements,
          .prepares = counters.prepares,
          .syncs = counters.syncs,
          .connects = counters.connects,
          .connect_failures = counters.connect_failures,
          .connections_lost = counters.connections_lost,
          .cancels = counters.cancels,
          .retries = counters.retries,
          .connections = counters.connections,
          .in_flight = counters.in_flight,
          .queued = counters.queued};
}

}  // namespace gatehouse::storage::postgres
