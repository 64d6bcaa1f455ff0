#include "service/main/worker_area.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerArea>> WorkerArea::Start(const config::Config& config,
                                                              base::Loop& loop,
                                                              StorageArea& storage, AuthArea& auth,
                                                              const base::Clock& clock) {
  std::unique_ptr<WorkerArea> area(new WorkerArea(config, loop, storage, auth, clock));
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(loop, [&area] { return area->Prepare(); }));
  area->partitions_.Start();
  area->sequencer_.Start();
  area->listener_.Start();
  loop.Post([raw = area.get()] { raw->tasks_.Spawn(raw->revocations_.Run(raw->tasks_.cancel())); });
  return area;
}

WorkerArea::WorkerArea(const config::Config& config, base::Loop& loop, StorageArea& storage,
                       AuthArea& auth, const base::Clock& clock)
    : loop_(loop),
      partitions_(loop, storage.partitions, clock),
      sequencer_(loop, storage.sequencer, *storage.signal, storage.feed),
      listener_({.dsn = config.database.dsn,
                 .password_file = config.database.password_file,
                 .instance = storage.instance,
                 .on_ordered = [&feed = storage.feed] { feed.Poke(); },
                 .on_committed = [signal = storage.signal.get()] { signal->Notify(); },
                 .log = [](std::string_view line) { base::Log(base::LogLevel::kWarning, line); }}),
      revocations_(loop, storage.log, storage.feed, auth.authenticator),
      tasks_(loop, [](const std::string& what) {
        base::Log(base::LogLevel::kError, "a worker threw", {{"error", what}});
      }) {
  periodic_.push_back(std::make_unique<PeriodicWorker>(
      loop, "key_rotation", kKeyRotationPause,
      [&auth](base::CallContext ctx) { return auth.key_rotation.RunOnce(std::move(ctx)); }));
  periodic_.push_back(std::make_unique<PeriodicWorker>(
      loop, "purge_answers", kPurgePause,
      [requests = &storage.requests, clock = &clock](base::CallContext ctx) {
        return PurgeAnswers(requests, clock, std::move(ctx));
      }));
}

WorkerArea::~WorkerArea() { Stop(); }

base::Task<absl::Status> WorkerArea::Prepare() {
  GH_CO_RETURN_IF_ERROR((co_await partitions_.RunOnce()).status());
  base::CallContext ctx(loop_, {.deadline = std::chrono::steady_clock::now() + kPrepareTimeout,
                                .principal = {.kind = base::Principal::Kind::kSystem},
                                .method = "worker/prepare"});
  co_return co_await revocations_.Start(std::move(ctx));
}

void WorkerArea::Stop() {
  if (stopped_) return;
  stopped_ = true;
  listener_.Stop();
  for (const auto& worker : periodic_) worker->Stop();
  tasks_.StopAndJoin();
  sequencer_.Stop();
  partitions_.Stop();
}

}  // namespace gatehouse::service
