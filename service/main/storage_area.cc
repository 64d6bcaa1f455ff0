#include "service/main/storage_area.h"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log/sequencer_database.h"

namespace gatehouse::service {
namespace {

using storage::postgres::Database;
using storage::postgres::DatabaseConfig;

DatabaseConfig ClientConfigOf(const config::DatabaseConfig& config, size_t loops,
                              storage::LogSignal& signal) {
  const auto write_lanes = std::max(2, static_cast<int>(config.write_lanes / loops));
  return {.dsn = config.dsn,
          .password_file = config.password_file,
          .lanes_per_loop = static_cast<int>(config.lanes),
          .batch_lanes_per_loop = write_lanes,
          .exclusive_per_loop = static_cast<int>(config.pool_size),
          .connect_timeout = config.connect_timeout,
          .statement_timeout = config.statement_timeout,
          .use_prepared_statements = config.prepared_statements,
          .on_announced = [&signal] { signal.Notify(); },
          .log = [](std::string_view line) { base::Log(base::LogLevel::kWarning, line); }};
}

}  // namespace

absl::StatusOr<std::unique_ptr<StorageArea>> StorageArea::Open(const config::DatabaseConfig& config,
                                                               const config::Secrets& secrets,
                                                               std::vector<base::Loop*> loops) {
  auto signal = std::make_unique<storage::LogSignal>();
  const DatabaseConfig shared = ClientConfigOf(config, loops.size(), *signal);
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(shared, loops));
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> sequencer_database,
                      storage::OpenSequencerDatabase(shared, *loops.front()));
  return std::unique_ptr<StorageArea>(new StorageArea(std::move(signal), std::move(database),
                                                      std::move(sequencer_database), secrets,
                                                      std::move(loops)));
}

StorageArea::StorageArea(std::unique_ptr<storage::LogSignal> opened_signal,
                         std::unique_ptr<Database> opened,
                         std::unique_ptr<Database> opened_for_sequencer,
                         const config::Secrets& secrets, std::vector<base::Loop*> loops)
    : instance(base::Uuid::MakeV7(base::SystemClock().Now()).ToString()),
      signal(std::move(opened_signal)),
      database(std::move(opened)),
      sequencer_database(std::move(opened_for_sequencer)),
      requests(*database),
      users(*database),
      roles(*database),
      api_keys(*database),
      sessions(*database),
      signing_keys(*database),
      events(*database, std::move(loops)),
      log(*database),
      partitions(*database),
      sequencer(*sequencer_database, instance),
      endpoints(*database, secrets.master_key),
      deliveries(*database) {}

void StorageArea::Close() {
  events.Close();
  // At the same time: each may take a second, and the time of a stop is short.
  const std::jthread other([this] { sequencer_database->Close(); });
  database->Close();
}

}  // namespace gatehouse::service
