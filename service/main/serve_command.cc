#include "service/main/serve_command.h"

#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "migrations/database_check.h"
#include "migrations/schema_state.h"
#include "service/config/load_config.h"
#include "service/config/secrets.h"
#include "service/config/service_links.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"

namespace gatehouse::service {
namespace {

int ExitCodeFor(const absl::Status& status) {
  const auto details = base::GetErrorDetails(status);
  // Listening fails with an error of its own, which is no answer to any caller.
  if (!details) return absl::IsUnavailable(status) ? kExitAddressInUse : kExitFailed;
  switch (details->reason) {
    case base::Reason::kDatabaseUnavailable:
    case base::Reason::kDeadline:
      return kExitNoDatabase;
    case base::Reason::kSchemaMismatch:
    case base::Reason::kDatabaseUnsuitable:
      return kExitSchemaMismatch;
    case base::Reason::kInvalidField:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

absl::Status CheckDatabase(const config::DatabaseSettings& settings) {
  GH_RETURN_IF_ERROR(migrations::CheckDatabaseAndSchema(settings.direct(), settings.password_file,
                                                        {.allow_standby = settings.allow_standby}));
  if (!settings.read_dsn.empty()) {
    const auto standby =
        migrations::IsStandbyOf(settings.direct(), settings.read_dsn, settings.password_file);
    // One that is away is no reason to be away as well.
    if (base::HasReason(standby.status(), base::Reason::kDatabaseUnsuitable)) {
      return standby.status();
    }
  }
  if (settings.direct_dsn.empty()) return absl::OkStatus();
  return migrations::CheckPooledDatabase(settings.dsn, settings.direct_dsn, settings.password_file,
                                         {.allow_standby = settings.allow_standby,
                                          .sessions_set_isolation = settings.prepared_statements});
}

// As Fail, where whoever reads standard error collects the lines of the log.
int CannotServe(const absl::Status& status) {
  const auto details = base::GetErrorDetails(status);
  base::LogLine(base::LogLevel::kError, "cannot serve",
                {{"error", std::string(status.message())},
                 {"reason", details ? base::ReasonName(details->reason) : std::string_view()}});
  base::FlushLogLines();
  return ExitCodeFor(status);
}

// One of them is enough to know.
void TellOfServiceLinks(const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) {
    if (!config::IsServiceLink(environment, name)) continue;
    base::LogLine(base::LogLevel::kInfo, "a variable of a Kubernetes service is no setting",
                  {{"variable", name}});
    return;
  }
}

}  // namespace

int Fail(const absl::Status& status) {
  base::FlushLogLines();
  std::cerr << "gatehouse: " << status.message() << "\n";
  return ExitCodeFor(status);
}

absl::Status ServeUntilStopped(App::Options options, StopSignal& stop,
                               const std::function<void(const App&)>& greet) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(std::move(options)));
  greet(*app);
  stop.Ready();
  const ServingArea& serving = app->serving();
  std::cout << "READY grpc=" << serving.grpc_address() << " http=" << serving.http_address()
            << std::endl;
  const int signal = stop.Wait();
  base::LogLine(base::LogLevel::kInfo, "stopping", {{"signal", signal}});
  app->Stop();
  base::LogLine(base::LogLevel::kInfo, "stopped");
  base::FlushLogLines();
  return absl::OkStatus();
}

int TellFaults(const config::Config& config) {
  const std::vector<absl::Status> faults = FindFaults(config);
  for (const absl::Status& fault : faults) Fail(fault);
  return faults.empty() ? kExitOk : kExitUsage;
}

int RunServe(const config::Config& config) {
  // Nothing has been promised before READY, and the database may not answer for long.
  StopSignal stop(StopSignal::BeforeReady::kExit);
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  TellOfServiceLinks(config::ProcessEnvironment());
  // Before it waits for the database.
  if (const int code = TellFaults(config); code != kExitOk) return code;
  auto secrets = config::LoadSecrets(config.auth);
  if (!secrets.ok()) {
    Fail(secrets.status());
    return kExitUsage;
  }
  absl::Status served = CheckDatabase(config.database);
  if (served.ok()) {
    served = ServeUntilStopped({.config = config, .secrets = *std::move(secrets)}, stop,
                               [](const App&) {});
  }
  return served.ok() ? kExitOk : CannotServe(served);
}

}  // namespace gatehouse::service
