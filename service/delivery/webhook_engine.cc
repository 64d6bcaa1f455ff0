#include "service/delivery/webhook_engine.h"

#include <algorithm>
#include <utility>

#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/delivery/engine/engine_parts.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// How often due retries, canaries and idle queues are looked at: retries are at
// least seconds apart.
constexpr milliseconds kTick(200);
// How often work that nobody is at is looked for.
constexpr seconds kScanInterval(1);
// How often a stopping engine looks whether the last answer has come.
constexpr milliseconds kDrainStep(10);
// When to come back if too many requests that are no deliveries are under way.
constexpr milliseconds kSendRetry(1000);
// For the last results and the leases, after the grace of deliveries. A database that
// takes longer hangs: what it was not told is sent again, which is allowed.
constexpr milliseconds kLastStatements(1000);

}  // namespace

WebhookEngine::WebhookEngine(base::Loop& loop, Deps deps, EngineOptions options)
    : loop_(loop),
      clock_(deps.clock),
      http_(std::make_unique<HttpSender>(loop, std::move(options.http))),
      parts_(std::make_unique<EngineParts>(
          loop,
          EngineParts::Deps{.endpoints = deps.endpoints,
                            .deliveries = deps.deliveries,
                            .log = deps.log,
                            .feed = deps.feed,
                            .clock = deps.clock,
                            .send =
                                [this](HttpRequest request, Dispatcher::DoneFn done) {
                                  http_->Send(std::move(request), std::move(done));
                                }},
          EngineParts::Options{.instance_id = options.instance_id,
                               .lease = options.lease,
                               .flush_interval = options.flush_interval,
                               .idle_time = options.idle_time,
                               .limits = {.in_flight = options.max_in_flight,
                                          .in_flight_per_tenant = options.max_in_flight_per_tenant},
                               .alert_bounds = options.alert_bounds})) {}

WebhookEngine::~WebhookEngine() = default;

void WebhookEngine::Start() {
  started_ = true;
  loop_.Post([this] {
    parts_->tasks.SpawnForLife(parts_->matcher.Run());
    parts_->tasks.SpawnForLife(RunUpkeep());
    parts_->tasks.SpawnForLife(parts_->flusher.Run());
    parts_->tasks.SpawnForLife(parts_->backlogs.Run());
  });
}

void WebhookEngine::Stop(milliseconds grace) {
  if (!started_ || ended_) return;
  std::promise<void> drained;
  loop_.Post([this, grace, &drained] {
    parts_->tasks.SpawnForLife(Drain(steady_clock::now() + grace, &drained));
  });
  drained.get_future().wait();
  Abort();
}

void WebhookEngine::Abort() {
  if (std::exchange(ended_, true)) return;
  loop_.Post([this] {
    parts_->tasks.BeginStop();
    parts_->tasks.statements().Cancel();
  });
  parts_->tasks.StopAndJoin();
  std::promise<void> gone;
  loop_.Post([this, &gone] {
    parts_->dispatcher.ForgetTimers();
    http_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
}

Task<void> WebhookEngine::Drain(base::SteadyTime deadline, std::promise<void>* drained) {
  EngineTasks& tasks = parts_->tasks;
  tasks.BeginStop();
  const base::Loop::Timer give_up = loop_.At(
      std::max(deadline, steady_clock::now()) + kLastStatements, [statements = tasks.statements()] {
        base::LogLine(base::LogLevel::kWarning,
                      "webhooks: the last results are given up; they may be sent again");
        statements.Cancel();
      });
  while (parts_->dispatcher.in_flight() > 0 && steady_clock::now() < deadline) {
    co_await loop_.SleepUntil(std::min(deadline, steady_clock::now() + kDrainStep), tasks.cancel());
  }
  const absl::Status status = co_await Flush();
  if (!status.ok()) tasks.LogProblem("webhooks: cannot write results before stopping", status);
  co_await parts_->leases.GiveBackAll(/*written=*/status.ok());
  drained->set_value();
}

Task<void> WebhookEngine::RunUpkeep() {
  const EngineTasks& tasks = parts_->tasks;
  base::SteadyTime next_scan = steady_clock::now();
  while (co_await loop_.SleepUntil(steady_clock::now() + kTick, tasks.cancel())) {
    if (tasks.stopping() || !parts_->settings.loaded()) continue;
    TendAll();
    if (steady_clock::now() < next_scan) continue;
    next_scan = steady_clock::now() + kScanInterval;
    const absl::Status status = co_await FindWork();
    if (!status.ok()) tasks.LogProblem("webhooks: cannot look for work", status);
  }
}

Task<absl::Status> WebhookEngine::FindWork() {
  GH_CO_RETURN_IF_ERROR(co_await parts_->leases.FreeGone());
  co_return co_await parts_->leases.LeaseDue();
}

void WebhookEngine::TendAll() {
  parts_->leases.Tend();
  parts_->reader.Tend();
  // A canary, or a retry that had to wait for its share.
  parts_->queues.ForEach([this](const QueuePtr& queue) { parts_->dispatcher.RequestTurn(queue); });
}

void WebhookEngine::EndpointChanged(base::Uuid tenant_id, std::optional<base::Uuid> endpoint_id) {
  auto change = [this, tenant_id, endpoint_id] {
    parts_->settings.OnChanged(tenant_id, endpoint_id);
  };
  if (loop_.IsCurrent()) {
    change();
  } else {
    loop_.Post(std::move(change));
  }
}

void WebhookEngine::ReadEndpointsAgain() {
  loop_.Post([this] { parts_->settings.OnAllChanged(); });
}

EndpointCacheStats WebhookEngine::cache_stats() const { return parts_->cache.stats(); }

std::optional<base::Time> WebhookEngine::OldestUndelivered(const base::Uuid& tenant_id) {
  return parts_->backlogs.Oldest(tenant_id);
}

void WebhookEngine::NoteBacklogs() { parts_->backlogs.Note(); }

Task<absl::StatusOr<HttpResult>> WebhookEngine::Send(base::CallContext ctx, HttpRequest request) {
  const Answer answer;
  const base::CancelToken::Registration cancelled = ctx.cancel().OnCancel([answer] {
    answer.Set(base::MakeError(absl::StatusCode::kCancelled, "the caller gave up",
                               {.reason = base::Reason::kCancelled}));
  });
  loop_.Post([this, request = std::move(request), answer, caller = &ctx.loop()]() mutable {
    StartSend(std::move(request), answer, caller);
  });
  co_return co_await answer;
}

void WebhookEngine::StartSend(HttpRequest request, Answer answer, base::Loop* caller) {
  const auto tell = [answer, caller](absl::StatusOr<HttpResult> result) {
    caller->Post([answer, result = std::move(result)] { answer.Set(result); });
  };
  if (!http_) {
    tell(base::MakeError(absl::StatusCode::kUnavailable, "the server is stopping",
                         {.reason = base::Reason::kShuttingDown}));
    return;
  }
  if (sends_ >= kMaxSends) {
    tell(base::MakeError(absl::StatusCode::kResourceExhausted,
                         "too many endpoints are being tested; retry later",
                         {.reason = base::Reason::kServerOverloaded, .retry_after = kSendRetry}));
    return;
  }
  ++sends_;
  http_->Send(std::move(request), [this, tell](HttpResult result) {
    --sends_;
    tell(std::move(result));
  });
}

void WebhookEngine::OnSeen() {
  loop_.Post([this] { parts_->presence.OnSeen(); });
}

void WebhookEngine::OnUnseen(int64_t lock_key) {
  loop_.Post([this, lock_key] { parts_->presence.OnUnseen(lock_key); });
}

Task<absl::Status> WebhookEngine::Deliver() {
  uint64_t sent;
  do {
    sent = parts_->dispatcher.sent();
    GH_CO_RETURN_IF_ERROR(co_await parts_->matcher.Poll());
    GH_CO_RETURN_IF_ERROR(co_await FindWork());
    co_await Tend();
  } while (parts_->dispatcher.sent() != sent);
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::Flush() { return parts_->flusher.Flush(); }

Task<absl::Status> WebhookEngine::Hear(std::shared_ptr<const storage::LogBatch> news) {
  const base::Uuid tenant_id = news->tenant_id;
  LogMatcher::News batches;
  batches.push_back(std::move(news));
  GH_CO_RETURN_IF_ERROR(co_await parts_->matcher.Follow(tenant_id, std::move(batches)));
  co_await parts_->tasks.AwaitIdle();
  co_return absl::OkStatus();
}

Task<void> WebhookEngine::Tend() {
  TendAll();
  co_await parts_->tasks.AwaitIdle();
}

std::string WebhookEngine::PublicKeysJson(std::string_view endpoint_id) const {
  return parts_->public_keys.JsonOf(endpoint_id, clock_.Now());
}

EngineStats WebhookEngine::stats() const {
  return {.sent = parts_->dispatcher.sent(),
          .succeeded = parts_->dispatcher.succeeded(),
          .failed = parts_->dispatcher.failed(),
          .flushes = parts_->flusher.flushes(),
          .leases_lost = parts_->flusher.leases_lost(),
          .in_flight = parts_->dispatcher.in_flight(),
          .endpoints = parts_->leases.held(),
          .unflushed = static_cast<int64_t>(parts_->flusher.unflushed())};
}

}  // namespace gatehouse::service::delivery
