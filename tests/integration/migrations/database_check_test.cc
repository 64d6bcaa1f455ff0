#include "migrations/database_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "base/log_line.h"
#include "base/manual_clock.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"
#include "migrations/migrator.h"
#include "migrations/schema_state.h"
#include "tests/integration/migrations/migration_fixture.h"
#include "tests/support/postgres/fake_server.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::IsOk;

class DatabaseCheckTest : public MigrationTest {
 protected:
  struct Captured {
    std::string log;
    std::string standard_error;
  };
  static Captured Capture(const std::function<void()>& run) {
    Captured captured;
    base::FlushLogLines();
    testing::internal::CaptureStderr();
    {
      const base::ScopedLogCapture capture(
          [&captured](const std::string& line) { captured.log += line; });
      run();
      base::FlushLogLines();
    }
    captured.standard_error = testing::internal::GetCapturedStderr();
    return captured;
  }
  // For every session that begins from now on.
  void SetForTheDatabase(const std::string& setting) {
    Sql("ALTER DATABASE " + Sql("SELECT current_database()") + " SET " + setting);
  }
  void ExpectRefused(const absl::Status& status, const std::string& saying) {
    EXPECT_TRUE(base::HasReason(status, base::Reason::kDatabaseUnsuitable)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(saying));
  }
};

TEST_F(DatabaseCheckTest, TakesAnOrdinaryDatabase) {
  EXPECT_THAT(CheckDatabase(*Connect(), base::SystemClock(), {}), IsOk());
}

TEST_F(DatabaseCheckTest, RefusesAnotherEncoding) {
  Sql("CREATE DATABASE check_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  auto connection = Connection::Open(dsn_, {.database = "check_latin1"});
  ASSERT_THAT(connection.status(), IsOk());
  ExpectRefused(CheckDatabase(**connection, base::SystemClock(), {}), "ENCODING 'UTF8'");
  connection->reset();
  MigratorOptions options = Quick();
  options.database = "check_latin1";
  ExpectRefused(Migrator::Open(dsn_, EmbeddedMigrations(), options).status(), "LATIN1");
  Sql("DROP DATABASE check_latin1");
}

TEST_F(DatabaseCheckTest, RefusesAnOldServer) {
  const tests::FakeServer old({.version = "14.9"});
  auto connection = Connection::Open(old.Dsn(), {.standby_too = true});
  ASSERT_THAT(connection.status(), IsOk());
  ExpectRefused(CheckDatabase(**connection, base::SystemClock(), {}), "Postgres 14 is older");
  ExpectRefused(CheckDatabaseAndSchema(old.Dsn()), "Postgres 14 is older");
  ExpectRefused(Migrator::Open(old.Dsn(), EmbeddedMigrations(), Quick()).status(),
                "Postgres 14 is older");
}

// By a connection string that does not say what kind of server is wanted.
TEST_F(DatabaseCheckTest, RefusesAStandbyUnlessOneIsAllowed) {
  const std::string name = Sql("SELECT current_database()");
  const tests::PostgresCluster standby({.standby_of = &tests::PostgresCluster::Shared()});
  const std::string dsn = standby.Dsn(name);
  ExpectRefused(CheckDatabaseAndSchema(dsn), "Name the primary");
  ExpectRefused(CheckPooledDatabase(dsn, dsn_, "", {}), "Name the primary");
  ExpectRefused(Migrator::Open(dsn, EmbeddedMigrations(), Quick()).status(), "Name the primary");
  const DatabaseNeeds allowed{.allow_standby = true};
  // It goes on to the schema, which is not there.
  EXPECT_TRUE(
      base::HasReason(CheckDatabaseAndSchema(dsn, "", allowed), base::Reason::kSchemaMismatch));
  EXPECT_THAT(CheckPooledDatabase(dsn, dsn, "", allowed), IsOk());
  EXPECT_EQ(IsStandbyOf(dsn, dsn, "").value_or(false), true);
}

TEST_F(DatabaseCheckTest, RefusesADatabaseThatTakesNoChanges) {
  SetForTheDatabase("default_transaction_read_only = on");
  ExpectRefused(CheckDatabaseAndSchema(dsn_), "default_transaction_read_only");
  ExpectRefused(Migrator::Open(dsn_, EmbeddedMigrations(), Quick()).status(),
                "default_transaction_read_only");
}

TEST_F(DatabaseCheckTest, RefusesTwoDatabasesWhereOneIsMeant) {
  EXPECT_THAT(CheckPooledDatabase(dsn_, dsn_ + " application_name=direct", "", {}), IsOk());
  ExpectRefused(CheckPooledDatabase(dsn_, dsn_ + " dbname=postgres", "", {}),
                "database.direct_dsn");
}

TEST_F(DatabaseCheckTest, RefusesAnotherIsolationWhereSessionsCannotSetTheirs) {
  const DatabaseNeeds pooled{.sessions_set_isolation = false};
  EXPECT_THAT(CheckPooledDatabase(dsn_, dsn_, "", pooled), IsOk());
  SetForTheDatabase("default_transaction_isolation = serializable");
  ExpectRefused(CheckPooledDatabase(dsn_, dsn_, "", pooled), "default_transaction_isolation");
  EXPECT_THAT(CheckPooledDatabase(dsn_, dsn_, "", {}), IsOk());
}

TEST_F(DatabaseCheckTest, RefusesAClockThatIsElsewhere) {
  base::ManualClock clock(base::SystemClock().Now());
  const auto connection = Connect();
  EXPECT_THAT(CheckDatabase(*connection, clock, {}), IsOk());
  clock.Advance(std::chrono::hours(1));
  ExpectRefused(CheckDatabase(*connection, clock, {}), "behind this machine's");
  clock.Advance(-std::chrono::hours(2));
  ExpectRefused(CheckDatabase(*connection, clock, {}), "ahead of this machine's");
}

TEST_F(DatabaseCheckTest, RefusesTablesThatCitusDistributes) {
  // What Citus makes, as far as it is looked at.
  Sql("SET allow_system_table_mods = on;"
      "CREATE TABLE pg_catalog.pg_dist_partition (logicalrel regclass);"
      "CREATE SCHEMA gatehouse; CREATE TABLE gatehouse.a (x integer); CREATE TABLE public.b (x "
      "integer);"
      "INSERT INTO pg_catalog.pg_dist_partition VALUES ('public.b')");
  EXPECT_THAT(CheckDatabase(*Connect(), base::SystemClock(), {}), IsOk());
  Sql("INSERT INTO pg_catalog.pg_dist_partition VALUES ('gatehouse.a')");
  ExpectRefused(CheckDatabase(*Connect(), base::SystemClock(), {}), "Citus");
}

// A collation whose version is not that of the system any more is told at every connect.
TEST_F(DatabaseCheckTest, WhatPostgresWarnsOfGoesToTheLog) {
  Sql("UPDATE pg_database SET datcollversion = 'old' WHERE datname = current_database()");
  const Captured captured = Capture([this] { Connect(); });
  EXPECT_EQ(captured.standard_error, "");
  EXPECT_THAT(captured.log, HasSubstr("collation version"));
  EXPECT_THAT(captured.log, HasSubstr("\"level\":\"warning\""));
}

TEST_F(DatabaseCheckTest, WhatItWarnsOfBehindAHostThatDoesNotAnswerDoesAsWell) {
  Sql("UPDATE pg_database SET datcollversion = 'old' WHERE datname = current_database()");
  const std::string name = Sql("SELECT current_database()");
  const tests::FakeServer silent({.silent = true});
  const std::string hosts =
      silent.socket_dir() + "," + tests::PostgresCluster::Shared().socket_dir();
  const std::string rest = " user=gatehouse connect_timeout=1 dbname=" + name;
  const Captured captured =
      Capture([&] { EXPECT_THAT(Connection::Open("host=" + hosts + rest).status(), IsOk()); });
  EXPECT_EQ(captured.standard_error, "");
  EXPECT_THAT(captured.log, HasSubstr("collation version"));
  // Where there is no other.
  const absl::Status alone = Connection::Open("host=" + silent.socket_dir() + rest).status();
  EXPECT_TRUE(base::HasReason(alone, base::Reason::kDatabaseUnavailable)) << alone;
  EXPECT_THAT(std::string(alone.message()),
              AllOf(HasSubstr(silent.socket_dir()), HasSubstr("failed: it does not answer")));
}

TEST_F(DatabaseCheckTest, WhatPostgresNotesIsLoggedForWhoDebugs) {
  const auto note = [this] { Sql("DO $$BEGIN RAISE NOTICE 'by the way'; END$$"); };
  EXPECT_THAT(Capture(note).log, Not(HasSubstr("by the way")));
  base::SetLogLevel(base::LogLevel::kDebug);
  const Captured captured = Capture(note);
  base::SetLogLevel(base::LogLevel::kInfo);
  EXPECT_EQ(captured.standard_error, "");
  EXPECT_THAT(captured.log, HasSubstr("by the way"));
  EXPECT_THAT(captured.log, HasSubstr("\"level\":\"debug\""));
}

}  // namespace
}  // namespace gatehouse::migrations
