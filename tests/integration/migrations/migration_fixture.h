#ifndef GATEHOUSE_TESTS_INTEGRATION_MIGRATIONS_MIGRATION_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_MIGRATIONS_MIGRATION_FIXTURE_H_

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "migrations/drift.h"
#include "migrations/migration.h"
#include "migrations/migrator.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

// Migrations made in a test. Keeps the texts that they refer to.
class FakeMigrations {
 public:
  // Adds the next version, and returns itself.
  FakeMigrations& Add(const std::string& name, const std::string& up, const std::string& down);
  // Another text for the last one, or that of a version, as if its file had been edited.
  FakeMigrations& EditLast(const std::string& up);
  FakeMigrations& Edit(int version, const std::string& up);

  std::span<const Migration> all() const { return migrations_; }

 private:
  std::deque<std::string> texts_;
  std::vector<Migration> migrations_;
};

// An empty database of the shared cluster for each test.
class MigrationTest : public testing::Test {
 protected:
  void SetUp() override;

  // Options that never wait: a lock is asked for once, a sleep is skipped.
  static MigratorOptions Quick();
  std::unique_ptr<Migrator> Open(std::span<const Migration> known,
                                 MigratorOptions options = Quick());
  std::unique_ptr<storage::postgres::admin::Connection> Connect();
  // The first value of the last statement's rows, "" if there is none; errors fail the test.
  std::string Sql(const std::string& script);
  std::vector<CatalogEntry> Dump();

  std::string dsn_;
};

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_TESTS_INTEGRATION_MIGRATIONS_MIGRATION_FIXTURE_H_
