#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_CALL_SERVICE_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_CALL_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/async/run_on_loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/status.h"
#include "migrations/schema_state.h"
#include "service/common/idempotent.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/main/app.h"
#include "service/main/config_check.h"

namespace gatehouse::service {

// Everything but workers and listeners, for a command that calls handlers as the server itself.
// What `serve` refuses about the database is refused here too.
inline absl::StatusOr<std::unique_ptr<App>> AssembleForTool(const config::Config& config) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  return App::Assemble({.config = config, .secrets = std::move(secrets)});
}

// Calls a handler and waits for its answer. `tool` is whose events these are.
template <typename Response, typename Service, typename Request>
absl::StatusOr<Response> CallService(
    App& app, const std::string& tool, Service& service,
    base::Task<absl::StatusOr<Response>> (Service::*method)(base::CallContext, Request),
    const Request& request) {
  return base::RunOnLoop<absl::StatusOr<Response>>(
      app.loop(), [&] { return (service.*method)(app.SystemContext(tool), request); });
}

template <typename Response, typename Service, typename Request>
absl::StatusOr<Response> CallService(App& app, const std::string& tool, Service& service,
                                     base::Task<absl::StatusOr<Response>> (Service::*method)(
                                         base::CallContext, Request, MutationKey),
                                     const Request& request) {
  return base::RunOnLoop<absl::StatusOr<Response>>(app.loop(), [&] {
    return (service.*method)(app.SystemContext(tool), request, MutationKey());
  });
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_CALL_SERVICE_H_
