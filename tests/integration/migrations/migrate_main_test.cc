#include "migrations/migrate_main.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <sstream>
#include <string>
#include <vector>

#include "migrations/migration_lock.h"
#include "tests/integration/migrations/migration_fixture.h"

namespace gatehouse::migrations {
namespace {

using testing::HasSubstr;
using testing::Not;

class MigrateMainTest : public MigrationTest {
 protected:
  MigrateMainTest() {
    two_.Add("create_a", "CREATE TABLE gatehouse.a ();", "DROP TABLE gatehouse.a;")
        .Add("create_b", "CREATE TABLE gatehouse.b ();", "DROP TABLE gatehouse.b;");
  }

  // The exit code; what was printed is in out_ and err_.
  int Run(std::vector<std::string> args, bool configured = true) {
    std::ostringstream out;
    std::ostringstream err;
    int code = MigrateMain(args, {.configured_dsn = configured ? dsn_ : "",
                                  .migrations = two_.all(),
                                  .out = out,
                                  .err = err});
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  FakeMigrations two_;
  std::string out_;
  std::string err_;
};

TEST_F(MigrateMainTest, WalksThroughItsCommands) {
  EXPECT_EQ(Run({"status", "--check"}), kMigrateNotAsExpected);
  EXPECT_THAT(out_, HasSubstr("0001_create_a"));
  EXPECT_THAT(out_, HasSubstr("pending"));
  EXPECT_EQ(Run({"status"}), kMigrateDone);
  EXPECT_EQ(Run({"sql"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("CREATE TABLE gatehouse.a ();"));
  EXPECT_EQ(Run({"up"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("up 0002_create_b ("));
  EXPECT_THAT(out_, HasSubstr("done, schema version 2"));
  EXPECT_EQ(Run({"up"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("nothing to do"));
  EXPECT_EQ(Run({"status", "--check"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("the schema is current"));
  EXPECT_EQ(Run({"down"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("down 0002_create_b ("));
  EXPECT_EQ(Run({"sql", "to", "2"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("CREATE TABLE gatehouse.b ();"));
  EXPECT_THAT(out_, Not(HasSubstr("CREATE TABLE gatehouse.a ();")));
  EXPECT_EQ(Run({"sql", "down", "1"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("DROP TABLE gatehouse.a;"));
  EXPECT_EQ(Run({"to", "2"}), kMigrateDone);
  EXPECT_EQ(Run({"history", "--limit", "2"}), kMigrateDone);
  EXPECT_THAT(out_, HasSubstr("down 0002_create_b"));
  EXPECT_THAT(out_, Not(HasSubstr("0001_create_a")));
  EXPECT_EQ(Run({"verify"}), kMigrateDone);
  Sql("DROP TABLE gatehouse.a");
  EXPECT_EQ(Run({"verify"}), kMigrateNotAsExpected);
  EXPECT_THAT(out_, HasSubstr("missing: a"));
}

TEST_F(MigrateMainTest, TakesTheDsnFromFlagThenConfiguration) {
  EXPECT_EQ(Run({"up", "--dsn", dsn_}, /*configured=*/false), kMigrateDone);
  EXPECT_EQ(Run({"status", "--dsn", "host=/nowhere"}), kMigrateNoDatabase);
  EXPECT_EQ(Run({"status"}), kMigrateDone);
  EXPECT_EQ(Run({"status"}, /*configured=*/false), kMigrateBadUsage);
  EXPECT_THAT(err_, HasSubstr("GATEHOUSE_DATABASE_DSN"));
}

TEST_F(MigrateMainTest, RefusesBadUsage) {
  EXPECT_EQ(Run({}), kMigrateBadUsage);
  EXPECT_EQ(Run({"sideways"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"up", "--fast"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"down", "0"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"to"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"to", "3"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"sql", "to"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"status", "--dsn", "nonsense"}), kMigrateBadUsage);
  EXPECT_EQ(Run({"--help"}), kMigrateDone);
}

TEST_F(MigrateMainTest, TakesNoPasswordAsAFlagAndNeverShowsOne) {
  for (const char* flag : {"--dsn", "--scratch-dsn"}) {
    for (const char* dsn :
         {"host=/nowhere password=hunter2", "postgresql://gatehouse:hunter2@localhost/gatehouse",
          "host=/nowhere sslpassword=hunter2"}) {
      EXPECT_EQ(Run({"verify", flag, dsn}), kMigrateBadUsage) << dsn;
      EXPECT_THAT(err_, HasSubstr("passfile"));
      EXPECT_THAT(out_ + err_, Not(HasSubstr("hunter2")));
    }
  }
}

TEST_F(MigrateMainTest, ReportsAFailedStatementAndALockThatIsHeld) {
  two_.EditLast("SELECT nonsense;");
  EXPECT_EQ(Run({"up"}), kMigrateFailed);
  EXPECT_THAT(err_, HasSubstr("nonsense"));
  auto holder = Connect();
  auto held = MigrationLock::Acquire(*holder, {}, [](auto) {});
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(Run({"up", "--wait-ms", "0"}), kMigrateLocked);
  EXPECT_THAT(err_, HasSubstr("another migration is running"));
}

}  // namespace
}  // namespace gatehouse::migrations
