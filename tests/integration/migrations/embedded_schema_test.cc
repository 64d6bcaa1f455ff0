// The migrations that are built in, on a real Postgres.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "migrations/drift.h"
#include "migrations/migrator.h"
#include "migrations/schema_state.h"
#include "tests/integration/migrations/migration_fixture.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using EmbeddedSchemaTest = MigrationTest;

TEST_F(EmbeddedSchemaTest, EveryStepDownUndoesItsStepUp) {
  auto migrator = Open(EmbeddedMigrations());
  std::vector<std::vector<CatalogEntry>> at_version = {{}};
  for (int version = 1; version <= ExpectedSchemaVersion(); ++version) {
    ASSERT_TRUE(migrator->To(version).ok());
    at_version.push_back(Dump());
  }
  ASSERT_GT(at_version.size(), 1u);
  for (int version = ExpectedSchemaVersion() - 1; version > 0; --version) {
    auto moved = migrator->Down(1);
    ASSERT_TRUE(moved.ok()) << moved.status();
    EXPECT_THAT(CompareCatalogs(at_version[version], Dump()), IsEmpty()) << "down to " << version;
  }
  ASSERT_TRUE(migrator->To(0).ok());
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
  auto up_again = migrator->Up();
  ASSERT_TRUE(up_again.ok()) << up_again.status();
  EXPECT_THAT(CompareCatalogs(at_version.back(), Dump()), IsEmpty());
}

TEST_F(EmbeddedSchemaTest, CheckAtStartWantsIt) {
  EXPECT_FALSE(CheckDatabaseAndSchema(dsn_).ok());
  ASSERT_TRUE(Open(EmbeddedMigrations())->Up().ok());
  EXPECT_TRUE(CheckDatabaseAndSchema(dsn_).ok());
}

// A tenant is a shard: no key spans tenants, save what belongs to the cluster as a whole.
TEST_F(EmbeddedSchemaTest, TenantIdLeadsEveryKey) {
  ASSERT_TRUE(Open(EmbeddedMigrations())->Up().ok());
  EXPECT_EQ(Sql("SELECT string_agg(i.indexrelid::regclass::text, ', ') FROM pg_index i "
                "JOIN pg_class t ON t.oid = i.indrelid "
                "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] "
                "WHERE t.relnamespace = 'gatehouse'::regnamespace AND a.attname <> 'tenant_id' "
                // Transaction ids belong to the cluster; the sequencer reads all tenants at once.
                "AND i.indexrelid::regclass::text !~ '^event_.*xid' "
                // The directory finds tenants.
                "AND i.indexrelid::regclass::text !~ 'tenant_(name|host_pkey)$' "
                "AND t.relname NOT IN ('schema_migration', 'schema_migration_history', "
                "'sequencer', 'deliverer', 'event_cut')"),
            "");
}

TEST_F(EmbeddedSchemaTest, VerifyFindsDrift) {
  auto migrator = Open(EmbeddedMigrations());
  ASSERT_TRUE(migrator->Up().ok());
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
  const std::pair<std::string, std::string> changes[] = {
      {"ALTER TABLE gatehouse.tenant ADD COLUMN extra text", "unexpected: tenant: column extra"},
      {"ALTER TABLE gatehouse.tenant ALTER COLUMN name DROP NOT NULL",
       "different: tenant: column name"},
      {"ALTER TABLE gatehouse.tenant ALTER COLUMN name SET DEFAULT 'x'",
       "different: tenant: column name"},
      {"ALTER TABLE gatehouse.tenant ALTER COLUMN name TYPE varchar(9)",
       "different: tenant: column name"},
      {"ALTER TABLE gatehouse.tenant ADD CHECK (name <> '')",
       "unexpected: tenant: constraint tenant_name_check"},
      {"ALTER TABLE gatehouse.event_order DROP CONSTRAINT event_order_pkey",
       "missing: event_order: constraint event_order_pkey"},
      {"DROP INDEX gatehouse.event_order_event", "missing: event_order: index event_order_event"},
      {"CREATE INDEX by_name ON gatehouse.tenant (name)", "unexpected: tenant: index by_name"},
      {"CREATE OR REPLACE FUNCTION gatehouse.require(ok boolean, reason text) RETURNS void "
       "LANGUAGE sql AS 'SELECT'",
       "different: require(ok boolean, reason text): function"},
      {"CREATE TABLE gatehouse.stray (x integer)", "unexpected: stray"},
      {"CREATE FUNCTION gatehouse.stray() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
       "unexpected: stray(): function"},
      {"ALTER TABLE gatehouse.tenant ENABLE ROW LEVEL SECURITY", "different: tenant is"},
      {"ALTER TABLE gatehouse.schema_migration DROP COLUMN checksum",
       "missing: schema_migration: column checksum"},
  };
  auto fresh = Dump();
  for (const auto& [change, expected] : changes) {
    auto connection = Connect();
    ASSERT_TRUE(connection->Execute("BEGIN; " + change).ok()) << change;
    // What the change alone makes of the catalog; rolled back with the connection.
    auto rows = connection->Execute("COMMIT");
    ASSERT_TRUE(rows.ok());
    EXPECT_THAT(CompareCatalogs(fresh, Dump()), Contains(HasSubstr(expected))) << change;
    fresh = Dump();
  }
}

TEST_F(EmbeddedSchemaTest, VerifyReportsALiveDatabaseThatWasChanged) {
  auto migrator = Open(EmbeddedMigrations());
  ASSERT_TRUE(migrator->Up().ok());
  Sql("ALTER TABLE gatehouse.tenant ADD COLUMN extra text");
  EXPECT_THAT(*migrator->Verify(), ElementsAre(HasSubstr("unexpected: tenant: column extra")));
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'gatehouse_verify_%'"), "0");
}

TEST_F(EmbeddedSchemaTest, VerifyExpectsPartitionsOfDays) {
  auto migrator = Open(EmbeddedMigrations());
  ASSERT_TRUE(migrator->Up().ok());
  Sql("SELECT gatehouse.create_daily_partition('event', 'event_id', '2026-01-01')");
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
  EXPECT_EQ(Sql("SELECT gatehouse.seal_event_day('2026-01-04')"), "t");
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
}

TEST_F(EmbeddedSchemaTest, VerifyReportsAPartitionThatTheSequencerDoesNotLookInto) {
  auto migrator = Open(EmbeddedMigrations());
  ASSERT_TRUE(migrator->Up().ok());
  Sql("CREATE TABLE gatehouse.event_20260101 PARTITION OF gatehouse.event FOR VALUES "
      "FROM ('019b7000-0000-7000-8000-000000000000') TO ('019b8000-0000-7000-8000-000000000000')");
  EXPECT_THAT(*migrator->Verify(),
              ElementsAre(HasSubstr("unsealed_event: view is without gatehouse.event_20260101")));
}

TEST_F(EmbeddedSchemaTest, SealedDaysSurviveTheStepDown) {
  auto migrator = Open(EmbeddedMigrations());
  ASSERT_TRUE(migrator->Up().ok());
  Sql("SELECT gatehouse.create_daily_partition('event', 'event_id', '2026-01-01')");
  ASSERT_EQ(Sql("SELECT gatehouse.seal_event_day('2026-01-04')"), "t");
  ASSERT_TRUE(migrator->To(5).ok());
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_trigger WHERE tgname = 'event_sealed'"), "0");
  ASSERT_TRUE(migrator->Up().ok());
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
  EXPECT_EQ(Sql("SELECT gatehouse.seal_event_day('2026-01-04')"), "t");
}

TEST_F(EmbeddedSchemaTest, VerifyWithoutTheRightToMakeADatabaseSaysSo) {
  ASSERT_TRUE(Open(EmbeddedMigrations())->Up().ok());
  Sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; "
      "GRANT USAGE ON SCHEMA gatehouse TO plain; "
      "GRANT SELECT ON ALL TABLES IN SCHEMA gatehouse TO plain");
  auto migrator = Migrator::Open(dsn_ + " user=plain", EmbeddedMigrations(), Quick());
  ASSERT_TRUE(migrator.ok()) << migrator.status();
  absl::Status refused = (*migrator)->Verify().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--scratch-dsn"));
  auto elsewhere = (*migrator)->Verify(dsn_);
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  EXPECT_THAT(*elsewhere, IsEmpty());
  Sql("DROP OWNED BY plain; DROP ROLE plain");
}

}  // namespace
}  // namespace gatehouse::migrations
