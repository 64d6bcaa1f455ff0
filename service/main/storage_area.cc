#include "service/main/storage_area.h"

#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/status.h"

namespace gatehouse::service {
namespace {

using storage::postgres::Database;
using storage::postgres::DatabaseConfig;

DatabaseConfig ClientConfigOf(const config::DatabaseConfig& config) {
  return {.dsn = config.dsn,
          .password_file = config.password_file,
          .lanes_per_loop = static_cast<int>(config.lanes),
          .exclusive_per_loop = static_cast<int>(config.pool_size),
          .connect_timeout = config.connect_timeout,
          .statement_timeout = config.statement_timeout,
          .use_prepared_statements = config.prepared_statements,
          .log = [](std::string_view line) { base::Log(base::LogLevel::kWarning, line); }};
}

}  // namespace

absl::StatusOr<std::unique_ptr<StorageArea>> StorageArea::Open(const config::DatabaseConfig& config,
                                                               std::vector<base::Loop*> loops) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                      Database::Open(ClientConfigOf(config), loops));
  return std::make_unique<StorageArea>(std::move(database), std::move(loops));
}

StorageArea::StorageArea(std::unique_ptr<Database> opened, std::vector<base::Loop*> loops)
    : database(std::move(opened)),
      requests(*database),
      users(*database),
      api_keys(*database),
      sessions(*database),
      signing_keys(*database),
      events(*database, signal, std::move(loops)),
      log(*database),
      endpoints(*database),
      deliveries(*database) {}

void StorageArea::Close() {
  events.Close();
  database->Close();
}

}  // namespace gatehouse::service
