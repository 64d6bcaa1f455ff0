#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "base/uuid.h"
#include "migrations/schema_state.h"
#include "service/config/secrets.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/seed/seeder.h"

namespace gatehouse::service {
namespace {

absl::Status Seed(const config::Config& config, const std::string& file, bool dry_run,
                  const std::string& tenant) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_ASSIGN_OR_RETURN(const SeedFile seed, ReadSeedFile(file));
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app,
                      App::Assemble({.config = config, .secrets = std::move(secrets)}));
  GH_ASSIGN_OR_RETURN(const base::Uuid tenant_id, app->TenantNamed(tenant));
  Seeder::Options options = SeedingOf(*app, "seed", tenant_id);
  options.tell = [](std::string_view line) { std::cout << line << "\n"; };
  options.dry_run = dry_run;
  return Seeder(std::move(options)).Run(seed);
}

}  // namespace

Seeder::Options SeedingOf(App& app, std::string actor, const base::Uuid& tenant_id) {
  return {.roles = app.storage().roles,
          .users = app.services().users,
          .webhooks = app.services().webhooks,
          .loop = app.loop(),
          .clock = app.clock(),
          .make_context = [&app, actor = std::move(actor),
                           tenant_id] { return app.SystemContext(actor, tenant_id); },
          .tell = [](std::string_view) {}};
}

int RunSeed(const config::Config& config, const std::string& file, bool dry_run,
            const std::string& tenant) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Seed(config, file, dry_run, tenant);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
