#include "service/dev/dev_database.h"

#include <utility>

#include "base/status.h"
#include "migrations/migrator.h"
#include "migrations/schema_state.h"

namespace gatehouse::service {

namespace embedded = storage::postgres::embedded;

absl::StatusOr<std::unique_ptr<DevDatabase>> DevDatabase::Open(
    const std::string& data_dir, std::function<void(std::string_view)> progress) {
  GH_ASSIGN_OR_RETURN(
      embedded::DataDir dir,
      embedded::DataDir::Open(data_dir.empty() ? embedded::DefaultDataDir() : data_dir));
  GH_ASSIGN_OR_RETURN(
      config::Secrets secrets,
      config::OpenSecretsFolder(dir.secrets_dir(), /*may_create=*/!dir.HasCluster()));
  std::unique_ptr<DevDatabase> opened(new DevDatabase(std::move(dir), std::move(secrets)));
  embedded::EmbeddedOptions options;
  options.progress = progress;
  GH_ASSIGN_OR_RETURN(opened->postgres_,
                      embedded::EmbeddedPostgres::Start(opened->dir_, std::move(options)));
  migrations::MigratorOptions migrating;
  migrating.progress = std::move(progress);
  GH_ASSIGN_OR_RETURN(std::unique_ptr<migrations::Migrator> migrator,
                      migrations::Migrator::Open(opened->dsn(), migrations::EmbeddedMigrations(),
                                                 std::move(migrating)));
  GH_RETURN_IF_ERROR(migrator->Up().status());
  return opened;
}

}  // namespace gatehouse::service
