#ifndef GATEHOUSE_SERVICE_MAIN_APP_H_
#define GATEHOUSE_SERVICE_MAIN_APP_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/loop.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "rpc/server.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/main/area/auth_area.h"
#include "service/main/area/metrics_area.h"
#include "service/main/area/service_area.h"
#include "service/main/area/serving_area.h"
#include "service/main/area/storage_area.h"
#include "service/main/area/worker_area.h"

namespace gatehouse::rpc {
class MethodRegistry;
}  // namespace gatehouse::rpc

namespace gatehouse::service {

// The composition root: everything one server process is made of, wired by
// area, started in order, stopped in reverse.
//
// Thread: the main thread. Start and Stop block.
class App {
 public:
  struct Options {
    config::Config config;
    config::Secrets secrets;
    // For the only server that its database can have: what it calls itself at every start,
    // so that it takes over at once what it held before it was killed.
    std::string instance_name = {};
    // Runs when all but the listeners is there: what has to exist before the first call.
    std::function<absl::Status(App&)> before_serving = {};
    // More methods, registered before the server starts: the benchmarks' no-op.
    std::function<void(rpc::MethodRegistry&)> extra_methods = {};
  };

  // Everything but workers and listeners: for command-line tools. Writes nothing.
  // UNAVAILABLE, DATABASE_UNAVAILABLE if the database does not answer in two seconds.
  // Whoever calls it has checked the schema's version.
  static absl::StatusOr<std::unique_ptr<App>> Assemble(Options options);

  // Assemble, a key that signs, workers, then SERVING.
  static absl::StatusOr<std::unique_ptr<App>> Start(Options options);

  ~App();

  const ServingArea& serving() const { return *serving_; }
  ServiceArea& services() { return *services_; }
  StorageArea& storage() { return *storage_; }
  base::Loop& loop() { return *loops_.front(); }
  const base::Clock& clock() const { return clock_; }

  const auth::TenantDirectory& tenants() const { return auth_->tenants; }
  // That of a command's option --tenant: by id or name; empty: the default one. INVALID_FIELD.
  absl::StatusOr<base::Uuid> TenantNamed(std::string_view id_or_name) const;

  // A context of the server itself, who may do everything, for a tenant.
  base::CallContext SystemContext(std::string name,
                                  const base::Uuid& tenant_id = base::kDefaultTenantId);

  // Drains calls, stops the workers, closes the database. Idempotent. Takes the
  // configured grace and some seconds at most: what then still hangs is left behind,
  // with base::kExitStuck.
  void Stop();

 private:
  explicit App(Options options);
  absl::Status Open();
  absl::Status Serve();

  const Options options_;
  const base::SystemClock clock_;
  std::vector<std::unique_ptr<base::Loop>> loops_;
  std::unique_ptr<StorageArea> storage_;
  std::unique_ptr<AuthArea> auth_;
  std::unique_ptr<ServiceArea> services_;
  std::unique_ptr<WorkerArea> workers_;
  std::unique_ptr<MetricsArea> metrics_;
  std::unique_ptr<ServingArea> serving_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_APP_H_
