#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "migrations/migrator.h"
#include "migrations/schema_state.h"
#include "service/config/secrets.h"
#include "service/main/commands.h"
#include "service/main/demo_users.h"
#include "service/main/serve_command.h"
#include "service/main/signals.h"
#include "storage/postgres/embedded/data_dir.h"
#include "storage/postgres/embedded/embedded_postgres.h"

namespace gatehouse::service {
namespace {

using storage::postgres::embedded::DataDir;
using storage::postgres::embedded::DefaultDataDir;
using storage::postgres::embedded::EmbeddedPostgres;

void Tell(std::string_view line) { std::cout << line << std::endl; }

absl::Status MigrateUp(const std::string& dsn) {
  migrations::MigratorOptions options;
  options.progress = Tell;
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<migrations::Migrator> migrator,
                      migrations::Migrator::Open(dsn, migrations::EmbeddedMigrations(), options));
  return migrator->Up().status();
}

absl::Status SeedAndExplain(App& app, const std::string& data_dir) {
  GH_RETURN_IF_ERROR(SeedDemoUsers(app));
  Tell("Data and secrets are in " + data_dir + ". To try it:");
  Tell("  grpcurl -plaintext -d '{\"login\": \"admin\", \"password\": \"" +
       std::string(kDemoPassword) + "\"}' 127.0.0.1:" +
       std::to_string(app.serving().grpc_port()) + " gatehouse.v1.SessionService/CreateSession");
  Tell("Users admin, analyst and viewer have the password " + std::string(kDemoPassword) +
       ". Not for production: use `gatehouse serve` there. Ctrl-C stops.");
  return absl::OkStatus();
}

}  // namespace

int RunDev(config::Config config) {
  BlockStopSignals();
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const auto dir =
      DataDir::Open(config.data_dir.empty() ? DefaultDataDir() : config.data_dir);
  if (!dir.ok()) return Fail(dir.status());
  auto secrets = config::OpenSecretsFolder(dir->secrets_dir(), !dir->HasCluster());
  if (!secrets.ok()) return Fail(secrets.status());
  const auto postgres = EmbeddedPostgres::Start(*dir, {.progress = Tell});
  if (!postgres.ok()) return Fail(postgres.status());
  config.database.dsn = (*postgres)->dsn();
  if (absl::Status status = MigrateUp(config.database.dsn); !status.ok()) return Fail(status);
  // The receiver of whoever tries it is on the same machine, without TLS.
  config.webhook.allow_http = true;
  config.webhook.allow_private_addresses = true;
  return ServeUntilStopped({.config = config, .secrets = *std::move(secrets)},
                           [&](App& app) { return SeedAndExplain(app, dir->path()); });
}

}  // namespace gatehouse::service
