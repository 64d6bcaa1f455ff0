#include "service/main/area/worker_area.h"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/main/area/retention_options.h"
#include "service/webhook/pull/idle_subscriptions.h"

namespace gatehouse::service {
namespace {

// Often enough that a key of another instance is known long before it signs.
constexpr auto kKeyRotationPause = std::chrono::minutes(1);
constexpr auto kPurgePause = std::chrono::minutes(5);
// Their tokens are dead before: only lists of sessions wait for it.
constexpr auto kEndedSessionsPause = std::chrono::seconds(10);
// Before the first call.
constexpr auto kPartitionsTimeout = std::chrono::minutes(1);
constexpr auto kPositionTimeout = std::chrono::seconds(15);

base::Task<absl::Status> MarkEndedSessions(storage::SessionStore* sessions, base::CallContext ctx) {
  bool more = true;
  while (more) {
    GH_CO_ASSIGN_OR_RETURN(more, co_await sessions->MarkEnded(ctx, base::kDefaultTenantId));
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> PurgeThreads(storage::ThreadStore* threads, const base::Clock* clock,
                                      base::CallContext ctx) {
  bool more = true;
  while (more) {
    GH_CO_ASSIGN_OR_RETURN(more,
                           co_await threads->Purge(ctx, base::kDefaultTenantId, clock->Now()));
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

delivery::EngineOptions EngineOptionsOf(const config::WebhookSettings& config,
                                        delivery::AddressGuard guard,
                                        const base::Uuid& instance_id) {
  delivery::EngineOptions options{.instance_id = instance_id,
                                  .max_in_flight = static_cast<int>(config.max_in_flight)};
  options.alert_bounds = {.backlog_after = config.backlog_alert_after,
                          .certificate_before = std::chrono::days(config.certificate_alert_days)};
  options.http.guard = std::move(guard);
  options.http.ca_file = config.ca_file;
  return options;
}

}  // namespace

WorkerArea::WorkerArea(const config::Config& config, delivery::AddressGuard guard,
                       const base::Uuid& instance_id, base::Loop& loop, StorageArea& storage,
                       AuthArea& auth, const base::Clock& clock,
                       RevocationFollower::ForgetEventTypes forget_event_types)
    : loop_(loop),
      partitions_(loop, storage.partitions, clock),
      sequencer_(loop, storage.sequencer, *storage.signal, storage.feed),
      revocations_(
          loop, storage.log, storage.feed, auth.authenticator,
          [&rotation = auth.key_rotation](base::CallContext ctx) {
            return rotation.Load(std::move(ctx));
          },
          std::move(forget_event_types), [this] { webhooks_.ReadEndpointsAgain(); }),
      listener_(
          {.dsn = config.database.direct(),
           .password_file = config.database.password_file,
           .instance = storage.instance,
           .on_ordered = [&feed = storage.feed] { feed.Poke(); },
           .on_committed = [signal = storage.signal.get()] { signal->Notify(); },
           // A pooler in transaction mode would let the lock outlive the process.
           .deliverer = config.database.prepared_statements ? instance_id : base::Uuid(),
           .on_seen = [this] { webhooks_.OnSeen(); },
           .on_unseen = [this](int64_t lock_key) { webhooks_.OnUnseen(lock_key); },
           .tell = [](std::string_view line) { base::LogLine(base::LogLevel::kWarning, line); }}),
      webhooks_(loop, EngineDepsOf(storage, clock),
                EngineOptionsOf(config.webhook, std::move(guard), instance_id)),
      replays_(loop, {.replays = storage.replays, .endpoints = storage.endpoints, .clock = clock}),
      key_rotation_(loop, {.name = "key_rotation", .pause = kKeyRotationPause},
                    [&rotation = auth.key_rotation](base::CallContext ctx) {
                      return rotation.RunOnce(std::move(ctx));
                    }),
      retention_(loop, RetentionDepsOf(storage, clock), RetentionPeriodsOf(config.retention)),
      ended_sessions_(loop, {.name = "ended_sessions", .pause = kEndedSessionsPause},
                      [sessions = &storage.sessions](base::CallContext ctx) {
                        return MarkEndedSessions(sessions, std::move(ctx));
                      }),
      threads_purge_(loop, {.name = "purge_threads", .pause = kPurgePause},
                     [threads = &storage.threads, clock = &clock](base::CallContext ctx) {
                       return PurgeThreads(threads, clock, std::move(ctx));
                     }),
      idle_subscriptions_(
          loop, {.name = "idle_subscriptions", .pause = kPurgePause},
          [subscriptions = &storage.subscriptions, clock = &clock](base::CallContext ctx) {
            return DeleteIdleSubscriptions(subscriptions, clock, std::move(ctx));
          }),
      login_failures_(loop, auth.login_failures),
      server_alerts_(loop, {.server = storage.server,
                            .alerts = storage.alerts,
                            .keyring = auth.keyring,
                            .clock = clock}),
      workers_({{"partitions", partitions_},
                {"sequencer", sequencer_},
                {"revocations", revocations_},
                {"listener", listener_},
                {"webhooks", webhooks_},
                {"replays", replays_},
                {"key_rotation", key_rotation_},
                {"retention", retention_},
                {"ended_sessions", ended_sessions_},
                {"purge_threads", threads_purge_},
                {"idle_subscriptions", idle_subscriptions_},
                {"login_failures", login_failures_},
                {"server_alerts", server_alerts_}}) {}

absl::Status WorkerArea::Start() {
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(loop_, [this] { return Prepare(); }));
  workers_.Start();
  return absl::OkStatus();
}

base::Task<absl::Status> WorkerArea::Prepare() {
  base::CallContext create = base::SystemContext(loop_, "partition_worker", kPartitionsTimeout);
  GH_CO_RETURN_IF_ERROR((co_await partitions_.CreateAhead(std::move(create))).status());
  base::CallContext position = base::SystemContext(loop_, "revocation_follower", kPositionTimeout);
  co_return co_await revocations_.TakePosition(std::move(position));
}

}  // namespace gatehouse::service
