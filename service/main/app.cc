#include "service/main/app.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/async/run_on_loop.h"
#include "base/async/watchdog.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/uuid.h"
#include "service/delivery/http/http_sender.h"
#include "service/main/config_check.h"
#include "service/main/mail_options.h"
#include "service/main/server_options.h"

namespace gatehouse::service {
namespace {

// What the server does on its own behalf at start must not hang it.
constexpr auto kStartTimeout = std::chrono::seconds(15);
// What the workers' last statements and closing connections may take after the
// grace of calls and deliveries.
constexpr auto kStopMargin = std::chrono::seconds(5);

// Until the last call is cut short.
std::chrono::milliseconds DrainTime(const config::GrpcSettings& config) {
  return config.drain_delay + config.drain_grace;
}

// Who holds leases. By default another one at each start, since nothing tells for sure that
// no other server has the same name: two hosts in containers may, with the same address.
// What was killed is taken over when its leases end, what stops gives them back.
base::Uuid InstanceId(const App::Options& options) {
  if (options.instance_name.empty()) return base::Uuid::MakeV7(base::SystemClock().Now());
  return *base::Uuid::FromBytes(base::Sha256(options.instance_name).substr(0, 16));
}

std::vector<base::Loop*> Pointers(const std::vector<std::unique_ptr<base::Loop>>& loops) {
  std::vector<base::Loop*> pointers;
  for (const auto& loop : loops) pointers.push_back(loop.get());
  return pointers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<App>> App::Assemble(Options options) {
  std::unique_ptr<App> app(new App(std::move(options)));
  GH_RETURN_IF_ERROR(app->Open());
  return app;
}

absl::StatusOr<std::unique_ptr<App>> App::Start(Options options) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<App> app, Assemble(std::move(options)));
  GH_RETURN_IF_ERROR(app->Serve());
  return app;
}

App::App(Options options) : options_(std::move(options)) {
  for (size_t i = 0; i < LoopCountOf(options_.config.grpc); ++i) {
    loops_.push_back(std::make_unique<base::Loop>("gh-loop-" + std::to_string(i)));
    loops_.back()->Start();
  }
}

App::~App() { Stop(); }

absl::StatusOr<base::Uuid> App::TenantNamed(std::string_view id_or_name) const {
  if (id_or_name.empty()) return base::kDefaultTenantId;
  const std::optional<base::Uuid> found = auth_->tenants.Find(id_or_name);
  if (!found) return base::InvalidField("--tenant", "is no tenant");
  return *found;
}

base::CallContext App::SystemContext(std::string name, const base::Uuid& tenant_id) {
  return base::SystemContext(loop(), std::move(name), kStartTimeout, {}, tenant_id);
}

absl::Status App::Open() {
  const config::Config& config = options_.config;
  GH_ASSIGN_OR_RETURN(storage_,
                      StorageArea::Open(DatabaseConfigOf(config.database, loops_.size()),
                                        config::KeysOf(options_.secrets), Pointers(loops_),
                                        DirectConfigOf(config.database)));
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(
      loop(), [this] { return storage_->database->Ping(SystemContext("start")); }));
  GH_ASSIGN_OR_RETURN(std::unique_ptr<auth::BreachedPasswords> breached,
                      OpenBreachedPasswords(config.auth));
  auth_ = std::make_unique<AuthArea>(config.auth, options_.secrets, *storage_, clock_,
                                     std::move(breached));
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(
      loop(), [this] { return auth_->tenant_reader.Load(SystemContext("tenants")); }));
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(
      loop(), [this] { return auth_->key_rotation.Load(SystemContext("key_rotation")); }));
  GH_ASSIGN_OR_RETURN(delivery::AddressGuard guard, MakeGuard(config.webhook));
  if (!config.webhook.ca_file.empty()) {
    GH_RETURN_IF_ERROR(delivery::HttpSender::CheckCaFile(config.webhook.ca_file));
  }
  GH_ASSIGN_OR_RETURN(std::string proxy_credentials, ReadProxyCredentials(config.webhook));
  GH_ASSIGN_OR_RETURN(std::optional<mail::MailDelivery> mail_delivery, MailDeliveryOf(config.mail));
  // Workers run only once the services are there.
  workers_ = std::make_unique<WorkerArea>(
      config, guard, std::move(proxy_credentials), InstanceId(options_), loop(), *storage_, *auth_,
      clock_,
      [this](const std::optional<base::Uuid>& tenant_id) {
        if (tenant_id) {
          services_->event_schemas.Forget(*tenant_id);
        } else {
          services_->event_schemas.ForgetAll();
        }
      },
      std::move(mail_delivery));
  services_ = std::make_unique<ServiceArea>(
      ServiceArea::Options{
          .config = config,
          .secrets = options_.secrets,
          .guard = std::move(guard),
          .on_endpoint_changed =
              [&engine = workers_->webhooks()](const base::Uuid& tenant_id,
                                               std::optional<base::Uuid> endpoint_id) {
                engine.EndpointChanged(tenant_id, endpoint_id);
              },
          .send_webhook =
              [&engine = workers_->webhooks()](base::CallContext ctx,
                                               delivery::HttpRequest request) {
                return engine.Send(std::move(ctx), std::move(request));
              },
          .check_backlog =
              [&backlogs = workers_->backlogs()](const base::Uuid& tenant_id,
                                                 std::optional<base::Duration> max_age) {
                return backlogs.Check(tenant_id, max_age);
              },
          .loops = loops_.size(),
          .read_endpoints = [&engine = workers_->webhooks()] { engine.ReadEndpointsAgain(); },
          .endpoint_cache =
              [&engine = std::as_const(*workers_).webhooks()] { return engine.cache_stats(); },
          .sequencer_problem =
              [&sequencer = std::as_const(*workers_).sequencer()] {
                return ProblemOf(sequencer.stats(), std::chrono::steady_clock::now());
              }},
      *storage_, *auth_, clock_);
  metrics_ = std::make_unique<MetricsArea>(*storage_, *auth_, *workers_, *services_);
  return absl::OkStatus();
}

absl::Status App::Serve() {
  GH_RETURN_IF_ERROR(base::RunOnLoop<absl::Status>(
      loop(), [this] { return auth_->key_rotation.RunOnce(SystemContext("key_rotation")); }));
  GH_RETURN_IF_ERROR(workers_->Start());
  if (options_.before_serving) GH_RETURN_IF_ERROR(options_.before_serving(*this));
  GH_ASSIGN_OR_RETURN(
      serving_,
      ServingArea::Start({.config = options_.config,
                          .clock = clock_,
                          .loops = Pointers(loops_),
                          .metrics = *metrics_,
                          .webhook_keys =
                              [&engine = workers_->webhooks()](std::string_view endpoint_id) {
                                return engine.PublicKeysJson(endpoint_id);
                              },
                          .extra_methods = options_.extra_methods},
                         *storage_, *auth_, *services_));
  return absl::OkStatus();
}

void App::Stop() {
  const base::SteadyTime grace_end =
      std::chrono::steady_clock::now() + DrainTime(options_.config.grpc);
  // A database that hangs holds up whoever waits for it. All that was acknowledged is
  // committed, so nothing is lost by leaving.
  const base::Watchdog watchdog(grace_end + kStopMargin, [] {
    base::ExitStuck("the server does not stop in time; exiting as it is");
  });
  // In reverse: nobody is served by something that is gone.
  if (serving_) {
    // Cancelling a call does not end the writing of its denial or failed login. That may
    // take what the grace allows, but a database that hangs would take for ever.
    const base::Watchdog grace_over(grace_end, [this] { storage_->events.GiveUp(); });
    serving_->Stop();
  }
  if (workers_) {
    workers_->Stop(std::max(std::chrono::milliseconds(0),
                            std::chrono::duration_cast<std::chrono::milliseconds>(
                                grace_end - std::chrono::steady_clock::now())));
  }
  if (storage_) storage_->Close();
  for (const auto& loop : loops_) loop->Stop();
}

}  // namespace gatehouse::service
