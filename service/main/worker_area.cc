#include "service/main/worker_area.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/run_on_loop.h"
#include "base/status.h"

namespace gatehouse::service {
namespace {

// Answers to repeated requests are promised for 24 hours.
constexpr auto kAnswerLifetime = std::chrono::hours(24);
constexpr int64_t kPurgeBatch = 5'000;
// Often enough that a key of another instance is known long before it signs.
constexpr auto kKeyRotationPause = std::chrono::minutes(1);
constexpr auto kPurgePause = std::chrono::minutes(5);
constexpr auto kPrepareTimeout = std::chrono::seconds(15);

base::Task<absl::Status> PurgeAnswers(storage::IdempotencyStore* requests, const base::Clock* clock,
                                      base::CallContext ctx) {
  int64_t purged = kPurgeBatch;
  while (purged == kPurgeBatch) {
    GH_CO_ASSIGN_OR_RETURN(purged,
                           co_await requests->Purge(ctx, base::kDefaultTenantId,
                                                    clock->Now() - kAnswerLifetime, kPurgeBatch));
  }
  co_return absl::OkStatus();
}

delivery::WebhookEngine::Deps EngineDepsOf(StorageArea& storage, const base::Clock& clock) {
  return {.endpoints = storage.endpoints,
          .deliveries = storage.deliveries,
          .log = storage.log,
          .feed = storage.feed,
          .clock = clock};
}

delivery::EngineOptions EngineOptionsOf(const config::WebhookConfig& config,
                                        delivery::AddressGuard guard,
                                        const base::Uuid& instance_id) {
  delivery::EngineOptions options{.instance_id = instance_id,
                                  .max_in_flight = static_cast<int>(config.max_in_flight)};
  options.http.guard = std::move(guard);
  options.http.ca_file = config.ca_file;
  return options;
}

}  // namespace

WorkerArea::WorkerArea(const config::Config& config, delivery::AddressGuard guard,
                       const base::Uuid& instance_id, base::Loop& loop, StorageArea& storage,
                       AuthArea& auth, const base::Clock& clock)
    : loop_(loop),
      storage_(storage),
      auth_(auth),
      clock_(clock),
      partitions_(loop, storage.partitions, clock),
      sequencer_(loop, storage.sequencer, *storage.signal, storage.feed),
      listener_({.dsn = config.database.dsn,
                 .password_file = config.database.password_file,
                 .instance = storage.instance,
                 .on_ordered = [&feed = storage.feed] { feed.Poke(); },
                 .on_committed = [signal = storage.signal.get()] { signal->Notify(); },
                 .log = [](std::string_view line) { base::Log(base::LogLevel::kWarning, line); }}),
      revocations_(loop, storage.log, storage.feed, auth.authenticator),
      webhooks_(loop, EngineDepsOf(storage, clock),
                EngineOptionsOf(config.webhook, std::move(guard), instance_id)),
      tasks_(loop, [](const std::string& what) {
        base::Log(base::LogLevel::kError, "a worker threw", {{"error", what}});
      }) {}

WorkerArea::~WorkerArea() { Stop(std::chrono::milliseconds(0)); }

absl::Status WorkerArea::Start() {
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(loop_, [this] { return Prepare(); }));
  started_ = true;
  partitions_.Start();
  sequencer_.Start();
  listener_.Start();
  webhooks_.Start();
  loop_.Post([this] { tasks_.Spawn(revocations_.Run(tasks_.cancel())); });
  StartPeriodic();
  return absl::OkStatus();
}

base::Task<absl::Status> WorkerArea::Prepare() {
  GH_CO_RETURN_IF_ERROR((co_await partitions_.CreateAhead()).status());
  base::CallContext ctx(loop_, {.deadline = std::chrono::steady_clock::now() + kPrepareTimeout,
                                .principal = {.kind = base::Principal::Kind::kSystem},
                                .method = "worker/prepare"});
  co_return co_await revocations_.Start(std::move(ctx));
}

void WorkerArea::StartPeriodic() {
  periodic_.push_back(std::make_unique<PeriodicWorker>(
      loop_, "key_rotation", kKeyRotationPause, [&auth = auth_](base::CallContext ctx) {
        return auth.key_rotation.RunOnce(std::move(ctx));
      }));
  periodic_.push_back(std::make_unique<PeriodicWorker>(
      loop_, "purge_answers", kPurgePause,
      [requests = &storage_.requests, clock = &clock_](base::CallContext ctx) {
        return PurgeAnswers(requests, clock, std::move(ctx));
      }));
}

void WorkerArea::Stop(std::chrono::milliseconds grace) {
  if (!started_) return;
  started_ = false;
  for (const auto& worker : periodic_) worker->Stop();
  webhooks_.Stop(grace);
  listener_.Stop();
  tasks_.StopAndJoin();
  sequencer_.Stop();
  partitions_.Stop();
}

}  // namespace gatehouse::service
