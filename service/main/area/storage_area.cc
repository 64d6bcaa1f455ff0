#include "service/main/area/storage_area.h"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log/sequencer_database.h"

namespace gatehouse::service {

using storage::postgres::Database;
using storage::postgres::DatabaseConfig;

DatabaseConfig DatabaseConfigOf(const config::DatabaseSettings& settings, size_t loops) {
  const auto write_lanes = std::max(2, static_cast<int>(settings.write_lanes / loops));
  return {.dsn = settings.dsn,
          .password_file = settings.password_file,
          .lanes_per_loop = static_cast<int>(settings.lanes),
          .batch_lanes_per_loop = write_lanes,
          .exclusive_per_loop = static_cast<int>(settings.pool_size),
          .connect_timeout = settings.connect_timeout,
          .statement_timeout = settings.statement_timeout,
          .use_prepared_statements = settings.prepared_statements,
          .standby_dsn = settings.read_dsn,
          .standby_max_lag = settings.read_max_lag,
          .tell = [](std::string_view line) { base::LogLine(base::LogLevel::kWarning, line); }};
}

DatabaseConfig DirectConfigOf(const config::DatabaseSettings& settings) {
  DatabaseConfig config = DatabaseConfigOf(settings, /*loops=*/1);
  config.dsn = settings.direct();
  config.standby_dsn.clear();
  if (!settings.direct_dsn.empty()) config.use_prepared_statements = true;
  return config;
}

absl::StatusOr<std::unique_ptr<StorageArea>> StorageArea::Open(
    DatabaseConfig config, storage::SealingKeys keys, std::vector<base::Loop*> loops,
    std::optional<DatabaseConfig> direct) {
  auto signal = std::make_unique<storage::LogSignal>();
  config.on_announced = [told = signal.get()] { told->Notify(); };
  if (!direct) direct = config;
  direct->standby_dsn.clear();
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(config, loops));
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Database> sequencer_database,
                      storage::OpenSequencerDatabase(*std::move(direct), *loops.front()));
  return std::unique_ptr<StorageArea>(new StorageArea(std::move(signal), std::move(database),
                                                      std::move(sequencer_database),
                                                      std::move(keys), std::move(loops)));
}

StorageArea::StorageArea(std::unique_ptr<storage::LogSignal> opened_signal,
                         std::unique_ptr<Database> opened,
                         std::unique_ptr<Database> opened_for_sequencer, storage::SealingKeys keys,
                         std::vector<base::Loop*> loops)
    : instance(base::Uuid::MakeV7(base::SystemClock().Now()).ToString()),
      signal(std::move(opened_signal)),
      database(std::move(opened)),
      sequencer_database(std::move(opened_for_sequencer)),
      requests(*database),
      users(*database),
      user_imports(*database),
      user_purges(*database),
      user_exports(*database),
      one_time_tokens(*database),
      second_factors(*database, keys),
      passkeys(*database),
      roles(*database),
      api_keys(*database),
      sessions(*database),
      threads(*database),
      signing_keys(*database),
      tenants(*database),
      server(*database),
      events(*database, std::move(loops)),
      event_types(*database),
      log(*database),
      partitions(*database),
      sequencer(*sequencer_database, instance),
      endpoints(*database, keys),
      deliveries(*database),
      replays(*database),
      subscriptions(*database),
      alerts(*database),
      retention(*database),
      alert_destinations(*database),
      mails(*database, std::move(keys)) {}

void StorageArea::Close() {
  events.Close();
  // At the same time: each may take a second, and the time of a stop is short.
  const std::jthread other([this] { sequencer_database->Close(); });
  database->Close();
}

}  // namespace gatehouse::service
