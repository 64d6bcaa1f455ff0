#ifndef GATEHOUSE_SERVICE_MAIN_AREA_SERVING_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_SERVING_AREA_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/interceptors/certificate_keys.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/method/method_registry.h"
#include "rpc/server.h"
#include "rpc/services/health_service.h"
#include "rpc/services/reflection_service.h"
#include "rpc/transport_metrics.h"
#include "service/config/config.h"
#include "service/http/http_server.h"
#include "service/main/area/auth_area.h"
#include "service/main/area/service_area.h"
#include "service/main/area/storage_area.h"
#include "service/worker/periodic_worker.h"

namespace prometheus {
class Collectable;
class Registry;
}  // namespace prometheus

namespace gatehouse::service {

// What listens: gRPC with its chain, HTTP beside it. Health says whether calls can be
// served: the server takes them and the database answers, which is asked every second.
class ServingArea {
 public:
  struct Options {
    const config::Config& config;
    const base::Clock& clock;
    std::vector<base::Loop*> loops;
    // Shown at /metrics beside the calls' own.
    const prometheus::Collectable& metrics;
    // See http::RouteSources.
    std::function<std::string(std::string_view endpoint_id)> webhook_keys;
    // More methods, registered before the check: the benchmarks' no-op.
    std::function<void(rpc::MethodRegistry&)> extra_methods;
  };

  // Listens; SERVING from then on. UNAVAILABLE if an address cannot be had.
  static absl::StatusOr<std::unique_ptr<ServingArea>> Start(const Options& options,
                                                            StorageArea& storage, AuthArea& auth,
                                                            ServiceArea& services);
  ~ServingArea();

  int grpc_port() const { return server_->port(); }
  // Host and port as configured, with the port that was really had.
  std::string grpc_address() const;
  std::string http_address() const;

  // NOT_SERVING, and after the configured delay it drains: calls get the configured grace to
  // finish.
  void Stop();

 private:
  ServingArea(const Options& options, auth::CertificateKeys keys, StorageArea& storage,
              AuthArea& auth);
  absl::Status Register(const Options& options, ServiceArea& services);
  absl::Status Listen(const Options& options, AuthArea& auth);
  void WatchDatabase(storage::postgres::Database& database);

  const config::Config config_;
  // Of the database watch, and of the delay before the drain.
  base::Loop& loop_;
  std::shared_ptr<prometheus::Registry> metrics_;
  rpc::TransportMetrics transport_metrics_;
  rpc::MethodRegistry registry_;
  std::unique_ptr<rpc::HealthService> health_;
  rpc::ReflectionService reflection_;
  rpc::InterceptorChain chain_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<http::HttpServer> http_;
  // In a row. The database watch's own.
  int missed_pings_ = 0;
  std::unique_ptr<PeriodicWorker> database_watch_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_SERVING_AREA_H_
