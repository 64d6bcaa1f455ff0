#include "service/main/area/worker_area.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/signing_key/key_rotation.h"
#include "auth/tenant/tenant_reader.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/main/area/retention_options.h"
#include "service/main/mail_options.h"
#include "service/session/login/password_costs.h"
#include "service/webhook/endpoint/client_certificate_alerts.h"
#include "service/webhook/pull/idle_subscriptions.h"
#include "service/worker/tenant_round.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::service {
namespace {

constexpr int64_t kPurgeBatch = 5'000;
// As the .proto file promises: since its last batch.
constexpr auto kImportLifetime = std::chrono::days(30);
// What became of a mail, for who asks why it did not come.
constexpr auto kEndedMailLifetime = std::chrono::days(7);
// Often enough that a key of another instance is known long before it signs.
constexpr auto kKeyRotationPause = std::chrono::minutes(1);
constexpr auto kPurgePause = std::chrono::minutes(5);
// Their tokens are dead before: only lists of sessions wait for it.
constexpr auto kEndedSessionsPause = std::chrono::seconds(10);
// Those of endpoints that others deliver to are bounded in tens of seconds.
constexpr auto kBacklogsPause = std::chrono::seconds(1);
// Of two questions, to the primary and to the standby.
constexpr auto kStandbyTimeout = std::chrono::seconds(5);
constexpr char kPasswordCosts[] = "password_costs";
// A few pages are read; for as long a login tells who was imported.
constexpr auto kPasswordCostsPause = std::chrono::minutes(1);
// Before the first call.
constexpr auto kPartitionsTimeout = std::chrono::minutes(1);
constexpr auto kPositionTimeout = std::chrono::seconds(15);
constexpr auto kPasswordCostsTimeout = std::chrono::seconds(15);

// What the primary answered last is good for a bound that is longer than the time since.
std::chrono::milliseconds StandbyPauseOf(const config::DatabaseSettings& settings) {
  constexpr std::chrono::milliseconds kLongest{1000};
  return std::min(kLongest, settings.read_max_lag / 4);
}

// What has a Purge(ctx, tenant, before, limit) that returns how many rows it deleted; for the
// tenant of `ctx`.
template <typename Store>
base::Task<absl::Status> PurgeBefore(Store* store, base::Time before, base::CallContext ctx) {
  int64_t purged = kPurgeBatch;
  while (purged == kPurgeBatch) {
    GH_CO_ASSIGN_OR_RETURN(
        purged, co_await store->Purge(ctx, ctx.principal().tenant_id, before, kPurgeBatch));
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> MarkEndedSessions(storage::SessionStore* sessions, base::CallContext ctx) {
  bool more = true;
  while (more) {
    GH_CO_ASSIGN_OR_RETURN(more, co_await sessions->MarkEnded(ctx, ctx.principal().tenant_id));
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> PurgeThreads(storage::ThreadStore* threads, const base::Clock* clock,
                                      base::CallContext ctx) {
  bool more = true;
  while (more) {
    GH_CO_ASSIGN_OR_RETURN(more,
                           co_await threads->Purge(ctx, ctx.principal().tenant_id, clock->Now()));
  }
  co_return absl::OkStatus();
}

// Directory first: what it says decides whose keys are looked after.
base::Task<absl::Status> RotateKeys(auth::TenantReader* tenants, auth::KeyRotation* rotation,
                                    base::CallContext ctx) {
  GH_CO_RETURN_IF_ERROR(co_await tenants->Load(ctx));
  co_return co_await rotation->RunOnce(std::move(ctx));
}

base::Task<absl::Status> ReadTenant(auth::TenantReader* tenants, base::CallContext ctx,
                                    std::optional<base::Uuid> id) {
  if (id) co_return co_await tenants->Refresh(std::move(ctx), *id);
  co_return co_await tenants->Load(std::move(ctx));
}

delivery::WebhookEngine::Deps EngineDepsOf(StorageArea& storage, const base::Clock& clock) {
  return {.endpoints = storage.endpoints,
          .deliveries = storage.deliveries,
          .log = storage.log,
          .feed = storage.feed,
          .clock = clock};
}

delivery::EngineOptions EngineOptionsOf(const config::WebhookSettings& config,
                                        delivery::AddressGuard guard, std::string proxy_credentials,
                                        const base::Uuid& instance_id) {
  delivery::EngineOptions options{.instance_id = instance_id,
                                  .max_in_flight = static_cast<int>(config.max_in_flight)};
  options.alert_bounds = {.backlog_after = config.backlog_alert_after,
                          .certificate_before = std::chrono::days(config.certificate_alert_days)};
  options.http.guard = std::move(guard);
  options.http.ca_file = config.ca_file;
  options.http.proxy = config.proxy_url;
  options.http.proxy_credentials = std::move(proxy_credentials);
  return options;
}

}  // namespace

WorkerArea::WorkerArea(const config::Config& config, delivery::AddressGuard guard,
                       std::string proxy_credentials, const base::Uuid& instance_id,
                       base::Loop& loop, StorageArea& storage, AuthArea& auth,
                       const base::Clock& clock,
                       RevocationFollower::ForgetEventTypes forget_event_types,
                       std::optional<mail::MailDelivery> mail_delivery)
    : loop_(loop),
      users_(storage.users),
      hasher_(auth.hasher),
      partitions_(loop, storage.partitions, clock),
      sequencer_(loop, storage.sequencer, *storage.signal, storage.feed),
      revocations_(
          loop, storage.log, storage.feed, auth.authenticator,
          [&rotation = auth.key_rotation](base::CallContext ctx) {
            return rotation.Load(std::move(ctx));
          },
          std::move(forget_event_types), [this] { webhooks_.ReadEndpointsAgain(); },
          [tenants = &auth.tenant_reader](base::CallContext ctx, std::optional<base::Uuid> id) {
            return ReadTenant(tenants, std::move(ctx), id);
          }),
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
                EngineOptionsOf(config.webhook, std::move(guard), std::move(proxy_credentials),
                                instance_id)),
      backlogs_({.deliveries = storage.deliveries,
                 .clock = clock,
                 .instance_id = instance_id,
                 .oldest_here =
                     [this](const base::Uuid& tenant_id) {
                       return webhooks_.OldestUndelivered(tenant_id);
                     }},
                config.webhook.max_backlog_age),
      backlogs_turns_(loop, {.name = "webhook_backlogs", .pause = kBacklogsPause},
                      [this](base::CallContext ctx) { return backlogs_.RunOnce(std::move(ctx)); }),
      standby_(loop,
               {.name = "standby",
                .pause = StandbyPauseOf(config.database),
                .at_once = true,
                .turn_timeout = kStandbyTimeout},
               [database = storage.database.get()](base::CallContext ctx) {
                 return database->MeasureStandby(std::move(ctx));
               }),
      replays_(loop, {.replays = storage.replays,
                      .endpoints = storage.endpoints,
                      .log = storage.log,
                      .feed = storage.feed,
                      .clock = clock}),
      mail_composer_(ComposerOptionsOf(config.mail), auth.keyring.sealing_keys()),
      mail_answerer_({.mails = storage.mails,
                      .users = storage.users,
                      .tokens = storage.one_time_tokens,
                      .codec = auth.one_time_tokens,
                      .composer = mail_composer_,
                      .clock = clock}),
      alert_mailer_({.alerts = storage.alerts,
                     .destinations = storage.alert_destinations,
                     .composer = mail_composer_,
                     .clock = clock}),
      mails_(loop,
             {.mails = storage.mails,
              .answerer = mail_answerer_,
              .alerts = alert_mailer_,
              .clock = clock},
             std::move(mail_delivery)),
      key_rotation_(
          loop, {.name = "key_rotation", .pause = kKeyRotationPause},
          [tenants = &auth.tenant_reader, rotation = &auth.key_rotation](base::CallContext ctx) {
            return RotateKeys(tenants, rotation, std::move(ctx));
          }),
      retention_(loop, RetentionDepsOf(storage, clock), RetentionPeriodsOf(config.retention)),
      ended_sessions_(loop, {.name = "ended_sessions", .pause = kEndedSessionsPause},
                      ForEachTenant(auth.tenants,
                                    [sessions = &storage.sessions](base::CallContext ctx) {
                                      return MarkEndedSessions(sessions, std::move(ctx));
                                    })),
      threads_purge_(
          loop, {.name = "purge_threads", .pause = kPurgePause},
          ForEachTenant(auth.tenants,
                        [threads = &storage.threads, clock = &clock](base::CallContext ctx) {
                          return PurgeThreads(threads, clock, std::move(ctx));
                        })),
      imports_purge_(
          loop, {.name = "purge_imports", .pause = kPurgePause},
          ForEachTenant(auth.tenants,
                        [imports = &storage.user_imports, clock = &clock](base::CallContext ctx) {
                          return PurgeBefore(imports, clock->Now() - kImportLifetime,
                                             std::move(ctx));
                        })),
      mails_purge_(loop, {.name = "purge_mails", .pause = kPurgePause},
                   ForEachTenant(auth.tenants,
                                 [mails = &storage.mails, clock = &clock](base::CallContext ctx) {
                                   return PurgeBefore(mails, clock->Now() - kEndedMailLifetime,
                                                      std::move(ctx));
                                 })),
      idle_subscriptions_(
          loop, {.name = "idle_subscriptions", .pause = kPurgePause},
          ForEachTenant(
              auth.tenants,
              [subscriptions = &storage.subscriptions, clock = &clock](base::CallContext ctx) {
                return DeleteIdleSubscriptions(subscriptions, clock, std::move(ctx));
              })),
      client_certificates_(
          loop, {.name = "client_certificates", .pause = kPurgePause},
          ForEachTenant(auth.tenants,
                        [endpoints = &storage.endpoints, clock = &clock,
                         before = std::chrono::days(config.webhook.certificate_alert_days)](
                            base::CallContext ctx) {
                          return AlertClientCertificates(endpoints, clock, before, std::move(ctx));
                        })),
      login_failures_(loop, auth.login_failures),
      password_costs_(loop, {.name = kPasswordCosts, .pause = kPasswordCostsPause},
                      [this](base::CallContext ctx) { return LearnPasswordCosts(std::move(ctx)); }),
      server_alerts_(loop, {.server = storage.server,
                            .alerts = storage.alerts,
                            .keyring = auth.keyring,
                            .tenants = auth.tenants,
                            .clock = clock}),
      workers_({{"partitions", partitions_},
                {"sequencer", sequencer_},
                {"revocations", revocations_},
                {"listener", listener_},
                {"webhooks", webhooks_},
                {"webhook_backlogs", backlogs_turns_},
                {"standby", standby_},
                {"replays", replays_},
                {"mails", mails_},
                {"key_rotation", key_rotation_},
                {"retention", retention_},
                {"ended_sessions", ended_sessions_},
                {"purge_threads", threads_purge_},
                {"purge_imports", imports_purge_},
                {"purge_mails", mails_purge_},
                {"idle_subscriptions", idle_subscriptions_},
                {"client_certificates", client_certificates_},
                {"login_failures", login_failures_},
                {kPasswordCosts, password_costs_},
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
  GH_CO_RETURN_IF_ERROR(co_await revocations_.TakePosition(std::move(position)));
  base::CallContext costs = base::SystemContext(loop_, kPasswordCosts, kPasswordCostsTimeout);
  co_return co_await LearnPasswordCosts(std::move(costs));
}

base::Task<absl::Status> WorkerArea::LearnPasswordCosts(base::CallContext ctx) {
  return service::LearnPasswordCosts(&users_, &hasher_, std::move(ctx));
}

}  // namespace gatehouse::service
