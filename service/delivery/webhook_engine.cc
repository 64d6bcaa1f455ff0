#include "service/delivery/webhook_engine.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "service/delivery/engine_state.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often a stopping engine looks whether the last answer has come.
constexpr milliseconds kDrainStep(10);
// For the last results and the leases, after the grace of deliveries. A database that
// takes longer hangs: what it was not told is sent again, which is allowed.
constexpr milliseconds kLastStatements(1000);

}  // namespace

Task<void> WebhookEngine::Turnstile::Enter() {
  while (busy) {
    const base::OneShot<bool> turn;
    waiting.push_back(turn);
    co_await turn;
  }
  busy = true;
}

void WebhookEngine::Turnstile::Leave() {
  busy = false;
  if (waiting.empty()) return;
  const base::OneShot<bool> next = waiting.front();
  waiting.pop_front();
  next.Set(true);
}

WebhookEngine::WebhookEngine(base::Loop& loop, Deps deps, EngineOptions options)
    : loop_(loop),
      deps_(deps),
      options_(std::move(options)),
      cache_(deps.endpoints),
      http_(std::make_unique<HttpSender>(loop, options_.http)),
      group_(loop, [](const std::string& what) {
        base::Log(base::LogLevel::kError, "webhooks: exception in a task", {{"what", what}});
      }) {}

WebhookEngine::~WebhookEngine() = default;

void WebhookEngine::Start() {
  started_ = true;
  loop_.Post([this] {
    group_.Spawn(RunFollow());
    group_.Spawn(RunUpkeep());
    group_.Spawn(RunFlush());
  });
}

void WebhookEngine::Stop(milliseconds grace) {
  if (!started_ || ended_) return;
  std::promise<void> drained;
  loop_.Post(
      [this, grace, &drained] { group_.Spawn(Drain(steady_clock::now() + grace, &drained)); });
  drained.get_future().wait();
  Abort();
}

void WebhookEngine::Abort() {
  if (std::exchange(ended_, true)) return;
  loop_.Post([this] {
    stopping_ = true;
    statements_.Cancel();
  });
  group_.StopAndJoin();
  std::promise<void> gone;
  loop_.Post([this, &gone] {
    http_.reset();
    subscription_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
}

Task<void> WebhookEngine::Drain(base::SteadyTime deadline, std::promise<void>* drained) {
  stopping_ = true;
  const base::Loop::Timer give_up = loop_.At(
      std::max(deadline, steady_clock::now()) + kLastStatements, [statements = statements_] {
        base::Log(base::LogLevel::kWarning,
                  "webhooks: the last results are given up; they may be sent again");
        statements.Cancel();
      });
  while (in_flight_ > 0 && steady_clock::now() < deadline) {
    co_await loop_.SleepUntil(std::min(deadline, steady_clock::now() + kDrainStep),
                              group_.cancel());
  }
  const absl::Status status = co_await Flush();
  if (!status.ok()) LogProblem("webhooks: cannot write results before stopping", status);
  std::vector<storage::DeliveryStore::Release> releases;
  for (const auto& [key, lane] : lanes_) {
    const DeliveryLane& delivery = lane->delivery;
    const auto tenant = tenants_.find(key.tenant_id);
    releases.push_back({.key = key,
                        .fence = delivery.fence(),
                        .position = delivery.position(),
                        .done = status.ok() && tenant != tenants_.end() &&
                                delivery.IdleAt(tenant->second->log.matched())});
  }
  lanes_.clear();
  if (!releases.empty()) co_await ReleaseLanes(std::move(releases));
  drained->set_value();
}

Task<absl::Status> WebhookEngine::Deliver() {
  if (!loaded_) GH_CO_RETURN_IF_ERROR(co_await Load());
  uint64_t sent;
  do {
    sent = counters_.sent;
    GH_CO_RETURN_IF_ERROR(co_await Poll());
    GH_CO_RETURN_IF_ERROR(co_await LeaseDue());
    co_await Tend();
  } while (counters_.sent != sent);
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::Hear(std::shared_ptr<const storage::LogBatch> news) {
  const base::Uuid tenant_id = news->tenant_id;
  std::vector<std::shared_ptr<const storage::LogBatch>> batches;
  batches.push_back(std::move(news));
  GH_CO_RETURN_IF_ERROR(co_await Follow(tenant_id, std::move(batches)));
  co_await AwaitIdle();
  co_return absl::OkStatus();
}

Task<void> WebhookEngine::Tend() {
  Tick();
  co_await AwaitIdle();
}

Task<void> WebhookEngine::AwaitIdle() {
  while (in_flight_ > 0 || tasks_ > 0) {
    idle_.emplace();
    const base::OneShot<bool> idle = *idle_;
    co_await idle;
    idle_.reset();
  }
}

EngineStats WebhookEngine::stats() const {
  return {.sent = counters_.sent,
          .succeeded = counters_.succeeded,
          .failed = counters_.failed,
          .flushes = counters_.flushes,
          .leases_lost = counters_.leases_lost,
          .in_flight = in_flight_,
          .lanes = counters_.lanes,
          .unflushed = static_cast<int64_t>(unflushed_.load())};
}

}  // namespace gatehouse::service::delivery
