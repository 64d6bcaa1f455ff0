#include "tests/integration/migrations/migration_fixture.h"

#include <utility>

#include "base/hash.h"
#include "base/text/encoding.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::migrations {

using storage::postgres::admin::Connection;

FakeMigrations& FakeMigrations::Add(const std::string& name, const std::string& up,
                                    const std::string& down) {
  auto keep = [this](const std::string& text) {
    return std::string_view(texts_.emplace_back(text));
  };
  migrations_.push_back({.version = static_cast<int>(migrations_.size()) + 1,
                         .name = keep(name),
                         .checksum = keep(base::HexEncode(base::Sha256(up))),
                         .up = keep(up),
                         .down = keep(down)});
  return *this;
}

FakeMigrations& FakeMigrations::EditLast(const std::string& up) {
  return Edit(static_cast<int>(migrations_.size()), up);
}

FakeMigrations& FakeMigrations::Edit(int version, const std::string& up) {
  const Migration old = migrations_.at(static_cast<size_t>(version) - 1);
  // Made as the next one, and put into its place.
  Add(std::string(old.name), up, std::string(old.down));
  Migration edited = migrations_.back();
  migrations_.pop_back();
  edited.version = version;
  migrations_.at(static_cast<size_t>(version) - 1) = edited;
  return *this;
}

void MigrationTest::SetUp() { dsn_ = tests::PostgresCluster::Shared().CreateDatabase(); }

MigratorOptions MigrationTest::Quick() {
  MigratorOptions options;
  options.lock_timeout = std::chrono::milliseconds(20);
  options.migrator_wait = std::chrono::milliseconds(0);
  options.sleep = [](std::chrono::milliseconds) {};
  return options;
}

std::unique_ptr<Migrator> MigrationTest::Open(std::span<const Migration> known,
                                              MigratorOptions options) {
  auto migrator = Migrator::Open(dsn_, known, std::move(options));
  if (!migrator.ok()) ADD_FAILURE() << migrator.status();
  return migrator.ok() ? *std::move(migrator) : nullptr;
}

std::unique_ptr<Connection> MigrationTest::Connect() {
  auto connection = Connection::Open(dsn_);
  if (!connection.ok()) ADD_FAILURE() << connection.status();
  return connection.ok() ? *std::move(connection) : nullptr;
}

std::string MigrationTest::Sql(const std::string& script) {
  auto rows = Connect()->Execute(script);
  if (!rows.ok()) ADD_FAILURE() << rows.status() << "\nin: " << script;
  return !rows.ok() || rows->empty() ? "" : rows->front().front().value_or("");
}

std::vector<CatalogEntry> MigrationTest::Dump() {
  auto dump = DumpCatalog(*Connect());
  if (!dump.ok()) ADD_FAILURE() << dump.status();
  return dump.ok() ? *dump : std::vector<CatalogEntry>{};
}

}  // namespace gatehouse::migrations
