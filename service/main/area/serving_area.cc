#include "service/main/area/serving_area.h"

#include <prometheus/registry.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/interceptors/authentication_interceptor.h"
#include "auth/interceptors/authorisation_interceptor.h"
#include "auth/interceptors/rate_limit_interceptor.h"
#include "auth/permission/permissions.h"
#include "auth/token/issuer.h"
#include "base/async/cancel.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/uuid.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/interceptors/in_flight.h"
#include "service/http/routes.h"
#include "service/main/area/denial_recorder.h"
#include "service/main/server_options.h"

namespace gatehouse::service {
namespace {

constexpr auto kDatabaseWatchPause = std::chrono::seconds(1);
constexpr auto kPingTimeout = std::chrono::seconds(3);
// Pings in a row without an answer until load balancers are told. A ping is a statement like
// others: one that came behind slow ones, or during a restart of Postgres, which calls wait for
// as well, says little, and all instances would go out of rotation at once. So they learn of a
// database that is away after some ten seconds, and of its return with the first answer.
constexpr int kMissesUntilNotServing = 3;

// A burst may take what so many quiet seconds would have allowed.
auth::RateLimit LimitOf(int64_t per_second, double quiet_seconds = 2) {
  const auto rate = static_cast<double>(per_second);
  return {.rate = rate, .burst = quiet_seconds * rate};
}

auth::CallTenants TenantsOf(AuthArea& auth) {
  return {.directory = &auth.tenants,
          .refresh = [reader = &auth.tenant_reader](base::CallContext ctx, base::Uuid id) {
            return reader->Refresh(std::move(ctx), id);
          }};
}

// By what tokens are verified of the tenant that a request names, or whose host it was sent to.
std::optional<http::TenantKeys> KeysOf(const AuthArea& auth, const base::Clock& clock,
                                       std::string_view tenant, std::string_view host) {
  const std::optional<base::Uuid> id =
      tenant.empty() ? auth.tenants.FindHost(host).value_or(base::kDefaultTenantId)
                     : auth.tenants.Find(tenant);
  if (!id) return std::nullopt;
  return http::TenantKeys{.issuer = auth::IssuerOfTenant(auth.access_tokens.options().issuer, *id),
                          .jwks_json = auth.keyring.JwksJson(*id, clock.Now())};
}

rpc::InterceptorChain MakeChain(const ServingArea::Options& options, auth::CertificateKeys keys,
                                StorageArea& storage, AuthArea& auth,
                                prometheus::Registry& metrics) {
  const auth::DenialHook on_denial = MakeDenialRecorder(storage.events, options.clock);
  const config::Config& config = options.config;
  auth::RateLimitInterceptor::Options limits{
      .per_principal = LimitOf(config.auth.requests_per_second),
      .per_address = LimitOf(config.auth.public_requests_per_second)};
  const auto in_flight = std::make_shared<rpc::InFlight>(InFlightLimitsOf(config.grpc));
  return rpc::BuildChain(
      {.clock = options.clock,
       .metrics = metrics,
       .max_unary_deadline = config.grpc.max_unary_time,
       .in_flight = in_flight,
       .streams = StreamLimitsOf(config.grpc),
       .logged_failures = {.per_caller = LimitOf(config.log.failed_calls_per_second, 10)},
       .authenticate = std::make_unique<auth::AuthenticationInterceptor>(
           auth.authenticator, limits.per_address, on_denial, std::move(keys), TenantsOf(auth),
           in_flight),
       .authorise = std::make_unique<auth::AuthorisationInterceptor>(on_denial),
       .rate_limit = std::make_unique<auth::RateLimitInterceptor>(limits, on_denial)});
}

// Health follows whether the database answers; that it is overloaded is an answer.
// `misses` counts the pings without an answer since the last one with.
base::Task<absl::Status> FollowDatabase(storage::postgres::Database* database,
                                        rpc::HealthService* health, int* misses,
                                        base::CallContext ctx) {
  const absl::Status status = co_await database->Ping(ctx);
  if (ctx.cancel().cancelled()) co_return absl::OkStatus();
  const bool answers = !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
  *misses = answers ? 0 : *misses + 1;
  const bool serve = *misses < kMissesUntilNotServing;
  if (serve == health->serving()) co_return absl::OkStatus();
  base::LogLine(
      serve ? base::LogLevel::kInfo : base::LogLevel::kError,
      serve ? "ready again: the database answers" : "not ready: the database does not answer",
      {{"error", std::string(status.message())}});
  health->SetAll(serve);
  co_return absl::OkStatus();
}

std::string WithPort(const std::string& address, int port) {
  return address.substr(0, address.rfind(':')) + ":" + std::to_string(port);
}

std::optional<int> PermissionNumber(std::string_view name) {
  const auto permission = auth::PermissionFromName(name);
  if (!permission) return std::nullopt;
  return static_cast<int>(*permission);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServingArea>> ServingArea::Start(const Options& options,
                                                                StorageArea& storage,
                                                                AuthArea& auth,
                                                                ServiceArea& services) {
  GH_ASSIGN_OR_RETURN(auth::CertificateKeys keys, CertificateKeysOf(options.config.grpc));
  std::unique_ptr<ServingArea> area(new ServingArea(options, std::move(keys), storage, auth));
  GH_RETURN_IF_ERROR(area->Register(options, services));
  GH_RETURN_IF_ERROR(area->Listen(options, auth));
  area->WatchDatabase(*storage.database);
  return area;
}

ServingArea::ServingArea(const Options& options, auth::CertificateKeys keys, StorageArea& storage,
                         AuthArea& auth)
    : config_(options.config),
      loop_(*options.loops.front()),
      metrics_(std::make_shared<prometheus::Registry>()),
      transport_metrics_(*metrics_),
      chain_(MakeChain(options, std::move(keys), storage, auth, *metrics_)) {}

ServingArea::~ServingArea() = default;

absl::Status ServingArea::Register(const Options& options, ServiceArea& services) {
  services.Register(registry_);
  if (options.extra_methods) options.extra_methods(registry_);
  health_ = std::make_unique<rpc::HealthService>(registry_.ServiceNames());
  health_->Register(registry_);
  if (config_.grpc.reflection) {
    reflection_.Register(registry_);
    reflection_.SetServices(registry_.ServiceNames());
  }
  return registry_.Validate(PermissionNumber, "gatehouse.v1");
}

absl::Status ServingArea::Listen(const Options& options, AuthArea& auth) {
  // Serving only once there is a server to ask.
  const auto ready = [this] { return health_->serving() && server_->TakesCalls(); };
  const auto keys = [&auth, &clock = options.clock](std::string_view tenant,
                                                    std::string_view host) {
    return KeysOf(auth, clock, tenant, host);
  };
  GH_ASSIGN_OR_RETURN(
      http_,
      http::HttpServer::Start(config_.http.address,
                              http::MakeRoutes({.ready = ready,
                                                .keys = keys,
                                                .webhook_keys = options.webhook_keys,
                                                .metrics = {metrics_.get(), &options.metrics}})));
  rpc::ServerOptions server = ServerOptionsOf(config_.grpc);
  server.metrics = &transport_metrics_;
  GH_ASSIGN_OR_RETURN(server_, rpc::Server::Start(server, options.loops, registry_, chain_));
  health_->SetAll(true);
  return absl::OkStatus();
}

void ServingArea::WatchDatabase(storage::postgres::Database& database) {
  database_watch_ = std::make_unique<PeriodicWorker>(
      loop_,
      PeriodicWorker::Options{
          .name = "database_watch", .pause = kDatabaseWatchPause, .turn_timeout = kPingTimeout},
      [&database, health = health_.get(), misses = &missed_pings_](base::CallContext ctx) {
        return FollowDatabase(&database, health, misses, std::move(ctx));
      });
  database_watch_->Start();
}

std::string ServingArea::grpc_address() const {
  return WithPort(config_.grpc.address, server_->port());
}

std::string ServingArea::http_address() const {
  return WithPort(config_.http.address, http_->port());
}

void ServingArea::Stop() {
  // Never started, or stopped before: the loops may be gone by then.
  if (!database_watch_) return;
  // Before it could say that the server serves.
  database_watch_->Stop(std::chrono::milliseconds(0));
  database_watch_.reset();
  health_->SetAll(false);
  // Calls go on meanwhile: whoever sends them has to learn of it first.
  base::RunOnLoop<bool>(loop_, [this] {
    return loop_.SleepUntil(std::chrono::steady_clock::now() + config_.grpc.drain_delay,
                            base::CancelToken());
  });
  server_->Shutdown({.grace = config_.grpc.drain_grace});
}

}  // namespace gatehouse::service
