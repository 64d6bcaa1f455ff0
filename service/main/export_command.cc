#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/uuid.h"
#include "migrations/schema_state.h"
#include "service/bulk/printed_export.h"
#include "service/config/secrets.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"

namespace gatehouse::service {
namespace {

// Of one person, who may have a hundred million messages.
constexpr auto kTimeout = std::chrono::hours(24);

absl::Status Export(const config::Config& config, const std::string& user,
                    const std::string& tenant) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app,
                      App::Assemble({.config = config, .secrets = std::move(secrets)}));
  GH_ASSIGN_OR_RETURN(const base::Uuid tenant_id, app->TenantNamed(tenant));
  return PrintExport(app->services().users, app->loop(),
                     base::SystemContext(app->loop(), "export", kTimeout, {}, tenant_id), user,
                     std::cout);
}

}  // namespace

int RunExport(const config::Config& config, const std::string& user, const std::string& tenant) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Export(config, user, tenant);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
