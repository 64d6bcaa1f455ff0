#include "tests/integration/migrations/migration_fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "storage/postgres/embedded/server_account.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;

constexpr std::chrono::milliseconds kServerTimeout{30'000};

}  // namespace

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
  std::string name(migrations_.back().name);
  std::string down(migrations_.back().down);
  migrations_.pop_back();
  return Add(name, up, down);
}

void MigrationTest::SetUpTestSuite() {
  char root[] = "/tmp/gatehouse-XXXXXX";
  ASSERT_NE(mkdtemp(root), nullptr);
  ASSERT_EQ(chmod(root, 0711), 0);
  root_ = root;
  auto account = storage::postgres::ServerAccount::Choose();
  ASSERT_TRUE(account.ok()) << account.status();
  auto binaries = storage::postgres::FindPostgresBinaries();
  ASSERT_TRUE(binaries.ok()) << binaries.status();
  storage::postgres::ClusterOptions options{.binaries = *binaries,
                                            .data_dir = root_ + "/data",
                                            .socket_dir = root_ + "/run",
                                            .settings = {{"fsync", "off"}},
                                            .log_file = root_ + "/log",
                                            .die_with_parent = true};
  absl::Status made = storage::postgres::InitCluster(*account, options, /*sync=*/false);
  ASSERT_TRUE(made.ok()) << made;
  auto server = storage::postgres::PostgresProcess::Start(*account, options, kServerTimeout);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

void MigrationTest::TearDownTestSuite() {
  server_.reset();
  std::filesystem::remove_all(root_);
}

void MigrationTest::SetUp() {
  ASSERT_NE(server_, nullptr);
  database_ = absl::StrCat("test", ++databases_);
  auto admin = Connection::Open(server_->Dsn("postgres"));
  ASSERT_TRUE(admin.ok()) << admin.status();
  ASSERT_TRUE((*admin)->Execute("CREATE DATABASE " + database_).ok());
  dsn_ = server_->Dsn(database_);
}

void MigrationTest::TearDown() {
  auto admin = Connection::Open(server_->Dsn("postgres"));
  ASSERT_TRUE(admin.ok()) << admin.status();
  EXPECT_TRUE((*admin)->Execute("DROP DATABASE " + database_ + " WITH (FORCE)").ok());
}

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
